def weak_loss(p, m):
    q = np.sort(p)[::-1][m:]
    return (q * (1 - q)).sum()
