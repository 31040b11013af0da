def weak_loss(p, m):
    q = np.sort(p)[::-1][m:]
    return (4 / 3 * q * (1 - q)).sum()
