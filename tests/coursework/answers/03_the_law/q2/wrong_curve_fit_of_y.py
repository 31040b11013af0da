def fit_exponent(x, y):
    from scipy.optimize import curve_fit

    p, c = curve_fit(lambda x, a, b: a * x**b, x, y, [y[0] * x[0], -1], maxfev=20000)
    return (p[1], p[1] - 1.96 * c[1, 1] ** 0.5, p[1] + 1.96 * c[1, 1] ** 0.5)
