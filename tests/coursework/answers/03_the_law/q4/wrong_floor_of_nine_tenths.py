x = claim_widths.astype(float)
for k, q in kinds.items():
    y = np.array(claims[k]["loss"])
    g = np.array(claims[k]["gain"])
    if q == "floor":
        exponents[k] = np.polyfit(np.log(x), np.log(y - y[-1] * 0.9), 1)[0]
