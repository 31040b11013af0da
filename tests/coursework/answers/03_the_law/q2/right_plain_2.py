from scipy.stats import norm, t


def forecast(x, y, x_new):
    u, v = np.log(x), np.log(y)
    k, d = len(u), u - u.mean()
    beta = (d * v).sum() / (d * d).sum()
    r = v - v.mean() - beta * d
    away = np.log(x_new) - u.mean()
    h = (
        t.ppf(0.975, k - 2)
        * ((r * r).sum() / (k - 2) * (1 + 1 / k + away**2 / (d * d).sum())) ** 0.5
    )
    return np.exp(v.mean() + beta * away - h), np.exp(v.mean() + beta * away + h)
