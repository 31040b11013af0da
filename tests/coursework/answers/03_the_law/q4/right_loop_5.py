x = claim_widths.astype(float)
for k, q in kinds.items():
    y = np.array(claims[k]["loss"])
    g = np.array(claims[k]["gain"])
    if q == "undertrained":
        exponents[k] = fit_exponent(x[:6], y[:6])[0]
