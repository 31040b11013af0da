def toy_loss(W, b, x):
    return (((np.maximum(x @ W @ W.T + b, 0) - x) ** 2).sum(axis=1) ** 0.5).mean()
