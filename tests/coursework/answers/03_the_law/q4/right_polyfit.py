for k, v in kinds.items():
    if v == "ceiling":
        s = slice(0, 4)
        exponents[k] = np.polyfit(np.log(claim_widths[s]), np.log(claims[k]["loss"][s]), 1)[0] + 0.0
