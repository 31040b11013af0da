x = claim_widths.astype(float)
for k, q in kinds.items():
    y = np.array(claims[k]["loss"])
    g = np.array(claims[k]["gain"])
    if q == "ceiling":
        exponents[k] = np.polyfit(np.log(x), np.log(y / (1 - x / 1000) ** 2), 1)[0]
