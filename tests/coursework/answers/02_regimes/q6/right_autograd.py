def train(p, m, gamma, seed, steps=2000, rate=0.3):
    torch.manual_seed(seed)
    p = torch.tensor(np.asarray(p), dtype=torch.float32)
    W = torch.nn.Parameter(torch.randn(len(p), m) / m**0.5)
    b = torch.nn.Parameter(torch.zeros(len(p)))
    o = torch.optim.SGD([W, b], lr=rate)
    for s in range(steps):
        lr = rate * (1 - s / steps)
        o.param_groups[0]["lr"] = lr
        x = torch.bernoulli(p.expand(256, -1)) * torch.rand(256, len(p)) * 2
        o.zero_grad()
        ((torch.relu(x @ W @ W.T + b) - x) ** 2).sum(1).mean().backward()
        o.step()
        with torch.no_grad():
            W.copy_(torch.as_tensor(decay_step(W.numpy(), lr, gamma)))
    return (W, b)
