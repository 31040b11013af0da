for k, v in kinds.items():
    if v == "ceiling":
        y = np.array(claims[k]["loss"])
        exponents[k] = fit_exponent(claim_widths, y * (1 - claim_widths / 1000))[0]
