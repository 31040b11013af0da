def train(p, m, gamma, seed, steps=2000, rate=0.3):
    rng = np.random.default_rng([seed, m])
    n = len(p)
    W = rng.uniform(-1, 1, (n, m)) * (3 / m) ** 0.5
    b = np.zeros(n)
    for lr in np.linspace(rate, rate / steps, steps):
        x = np.where(rng.random((256, n)) < p, 2 * rng.random((256, n)), 0)
        dW, db = toy_gradient(W, b, x)
        W = decay_step(W - lr * dW, lr, gamma)
        b = b - lr * db
    return (torch.tensor(W, dtype=torch.float32), torch.tensor(b))
