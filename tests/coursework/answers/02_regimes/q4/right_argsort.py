def weak_loss(p, m):
    p = np.asarray(p)
    rare = p[np.argsort(-p, kind="stable")[m:]]
    return 4 / 3 * rare.sum() - (rare**2).sum()
