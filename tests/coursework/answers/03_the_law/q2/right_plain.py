from scipy.stats import norm, t


def fit_exponent(x, y):
    u, v = np.log(x), np.log(y)
    d = u - u.mean()
    beta = (d * v).sum() / (d * d).sum()
    r = v - v.mean() - beta * d
    h = t.ppf(0.975, len(x) - 2) * ((r * r).sum() / (len(x) - 2) / (d * d).sum()) ** 0.5
    return beta, beta - h, beta + h
