x = claim_widths.astype(float)
for k, q in kinds.items():
    y = np.array(claims[k]["loss"])
    g = np.array(claims[k]["gain"])
    if q == "undertrained":
        exponents[k] = np.polyfit(np.log(x[:-1]), np.log(y[:-1]), 1)[0]
