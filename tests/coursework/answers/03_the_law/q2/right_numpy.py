def fit_exponent(x, y):
    from scipy.stats import t

    u, v = np.log10(x), np.log10(y)
    du = u - u.mean()
    beta = (du * v).sum() / (du * du).sum()
    r = v - v.mean() - beta * du
    h = t.ppf(0.975, len(x) - 2) * ((r * r).sum() / (len(x) - 2) / (du * du).sum()) ** 0.5
    return np.array([beta, beta - h, beta + h])
