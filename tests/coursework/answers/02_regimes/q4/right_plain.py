def weak_loss(p, m):
    q = np.sort(p)[::-1][m:]
    return (4 / 3 * q - q**2).sum()
