def train(p, m, gamma, seed, steps=2000, rate=0.3):
    r = np.random.RandomState(seed)
    W, b = r.randn(len(p), m) * m**-0.5, np.zeros(len(p))
    for lr in np.linspace(rate, 0.0, steps):
        x = r.binomial(1, np.tile(p, (256, 1))) * r.uniform(0, 2, (256, len(p)))
        dW, db = toy_gradient(W, b, x)
        W -= lr * dW
        b -= lr * db
        W = decay_step(W, lr, gamma)
    return [W, b]
