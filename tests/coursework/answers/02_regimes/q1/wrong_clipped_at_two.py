def toy_loss(W, b, x):
    y = np.clip(x @ W @ W.T + b, 0, 2)
    return ((y - x) ** 2).sum(axis=1).mean()
