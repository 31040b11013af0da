def seed_interval(values, level=0.95, baseline=None):
    from scipy.stats import t

    v = torch.as_tensor(values).double()
    if baseline is not None:
        w = torch.as_tensor(baseline).double()
        p, q = v.var() / len(v), w.var() / len(w)
        f = (p + q) ** 2 / (p**2 / (len(v) - 1) + q**2 / (len(w) - 1))
        h = t.isf((1 - level) / 2, f) * (p + q).sqrt()
        return [v.mean() - w.mean() - h, v.mean() - w.mean() + h]
    h = v.std() / len(v) ** 0.5 * t.isf((1 - level) / 2, len(v) - 1)
    return [v.mean() - h, v.mean() + h]
