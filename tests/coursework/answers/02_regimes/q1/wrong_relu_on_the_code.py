def toy_loss(W, b, x):
    h = np.maximum(x @ W, 0)
    return ((h @ W.T + b - x) ** 2).sum(axis=1).mean()
