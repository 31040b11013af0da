def toy_loss(W, b, x):
    y = np.maximum(x @ W @ W.T + b, 0)
    return ((y - x) ** 2).sum(axis=1).mean()
