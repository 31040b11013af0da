def fit_exponent(x, y):
    from scipy.stats import t

    if True:
        (beta, _), cov = np.polyfit(np.log(x), np.log(y), 1, cov="unscaled")
        r = np.log(y) - np.polyval(np.polyfit(np.log(x), np.log(y), 1), np.log(x))
        cov = cov * (r @ r) / (len(x) - 2)
    h = t.isf(0.025, len(x) - 2) * cov[0, 0] ** 0.5
    return [beta, beta - h, beta + h]
