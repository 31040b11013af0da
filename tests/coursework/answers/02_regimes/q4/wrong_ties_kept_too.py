def weak_loss(p, m):
    p = np.asarray(p)
    if m >= len(p):
        return 0.0
    if m > 0:
        p = p[p < np.sort(p)[-m]]
    return (4 / 3 * p - p**2).sum()
