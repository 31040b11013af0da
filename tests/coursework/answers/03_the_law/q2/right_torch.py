def fit_exponent(x, y):
    from scipy.stats import t

    u, v = (torch.as_tensor(np.asarray(z)).float().log() for z in (x, y))
    d = u - u.mean()
    beta = (d * v).sum() / (d * d).sum()
    r = v - v.mean() - beta * d
    h = t.ppf(0.975, len(x) - 2) * ((r * r).sum() / (len(x) - 2) / (d * d).sum()) ** 0.5
    return torch.stack([beta, beta - h, beta + h])
