def train(p, m, gamma, seed, steps=2000, rate=0.3):
    g = torch.Generator().manual_seed(seed)
    p = torch.as_tensor(p).float()
    n = len(p)
    W = torch.randn(n, m, generator=g) / m**0.5
    b = torch.zeros(n)
    for step in range(steps):
        lr = rate * (1 - step / steps)
        x = (torch.rand(256, n, generator=g) < p) * 2 * torch.rand(256, n, generator=g)
        a = x @ W @ W.T + b
        d = 2 / 256 * (a.relu() - x) * (a > 0)
        W, b = W - lr * (d.T @ (x @ W) + x.T @ (d @ W)), b - lr * d.sum(0)
        if gamma >= 0:
            W = W * (1 - lr * gamma)
        else:
            r = W.norm(dim=1, keepdim=True)
            W = W + lr * gamma * W * (1 - 1 / r)
    return W, b
