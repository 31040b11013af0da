x = claim_widths.astype(float)
for k, q in kinds.items():
    y = np.array(claims[k]["loss"])
    g = np.array(claims[k]["gain"])
    if q == "floor":
        from scipy.optimize import curve_fit

        exponents[k] = curve_fit(
            lambda x, a, b, c: a * x**b + c,
            x,
            y,
            [y[0] * x[0], -1, y[-1] / 2],
            sigma=y,
            maxfev=20000,
        )[0][1]
