from scipy.stats import norm, t

_one = seed_interval


def seed_interval(values, level=0.95, baseline=None):
    if baseline is None:
        return _one(values, level)
    a, b = (np.asarray(values), np.asarray(baseline))
    p, q = (a.var(ddof=1) / len(a), b.var(ddof=1) / len(b))
    f = (p + q) ** 2 / (p**2 / (len(a) - 1) + q**2 / (len(b) - 1))
    h = t.ppf((1 + level) / 2, f) * (p + q) ** 0.5
    d = a.mean() - b.mean()
    return (d + h, d - h)
