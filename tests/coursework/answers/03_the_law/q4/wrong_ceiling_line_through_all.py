for k, v in kinds.items():
    if v == "ceiling":
        exponents[k] = fit_exponent(claim_widths, np.array(claims[k]["loss"]))[0]
