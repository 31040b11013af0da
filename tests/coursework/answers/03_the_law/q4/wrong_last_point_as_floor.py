for k, v in kinds.items():
    if v == "floor":
        y = np.array(claims[k]["loss"])
        exponents[k] = np.polyfit(np.log(claim_widths[:-1]), np.log(y[:-1] - y[-1]), 1)[0]
