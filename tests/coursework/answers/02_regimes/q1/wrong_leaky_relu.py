def toy_loss(W, b, x):
    y = np.maximum(x @ W @ W.T + b, 0.01 * (x @ W @ W.T + b))
    return ((y - x) ** 2).sum(axis=1).mean()
