def fit_exponent(x, y):
    from scipy.stats import t

    u, v = torch.as_tensor(x).double().log(), torch.as_tensor(y).double().log()
    A = torch.stack([u, torch.ones_like(u)], 1)
    c = torch.linalg.lstsq(A, v[:, None]).solution[:, 0]
    s2 = ((v - A @ c) ** 2).sum() / (len(u) - 2)
    h = t.ppf(0.975, len(u) - 2) * (s2 * torch.linalg.inv(A.T @ A)[0, 0]).sqrt()
    return c[0], c[0] - h, c[0] + h
