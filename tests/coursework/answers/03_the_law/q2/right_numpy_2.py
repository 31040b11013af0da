def fit_exponent(x, y):
    from scipy.stats import t, pearsonr

    u, v = (np.log(x), np.log(y))
    r = np.corrcoef(u, v)[0, 1]
    b = r * v.std() / u.std()
    k = len(x)
    h = t.ppf(0.975, k - 2) * abs(b) * np.sqrt((1 / r**2 - 1) / (k - 2))
    return (b, b - h, b + h)
