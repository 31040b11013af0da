x = claim_widths.astype(float)
for k, q in kinds.items():
    y = np.array(claims[k]["loss"])
    g = np.array(claims[k]["gain"])
    if q == "floor":
        from superposition.power_law import fit_power_law

        exponents[k] = fit_power_law(x, y, offset=True).exponent
