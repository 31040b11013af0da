def train(p, m, gamma, seed, steps=2000, rate=0.3):
    rng = np.random.default_rng(seed)
    W, b = rng.normal(size=(len(p), m)) / m**0.5, np.zeros(len(p))
    for step in range(steps):
        lr = rate * (1 - step / steps)
        x = (rng.random((256, len(p))) < p) * rng.uniform(0, 2, (256, len(p)))
        dW, db = toy_gradient(W, b, x)
        W, b = decay_step(W - lr * dW, lr, gamma), b - lr * db
    return W, b
