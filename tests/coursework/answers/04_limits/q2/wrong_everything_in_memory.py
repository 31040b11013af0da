def stream_cosine(blocks):
    U = np.concatenate(list(blocks))
    r = np.linalg.norm(U, axis=1)
    U = U[r > 0] / r[r > 0, None]
    n = len(U)
    s = U.sum(0)
    return (s @ s - n) / n / (n - 1)
