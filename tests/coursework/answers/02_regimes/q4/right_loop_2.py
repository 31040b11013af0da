def weak_loss(p, m):
    p = np.asarray(p)
    if m >= len(p):
        return 0
    return float(
        np.sum(
            [4 / 3 * q - 2 * q * q + q * q for q in np.partition(p, len(p) - m - 1)[: len(p) - m]]
        )
    )
