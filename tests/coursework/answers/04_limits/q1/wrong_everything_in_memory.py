def stream_overlap_squared(blocks):
    U = np.vstack(list(blocks))
    r = np.linalg.norm(U, axis=1)
    U = U[r > 0] / r[r > 0, None]
    n = len(U)
    return (((U.T @ U) ** 2).sum() - n) / (n * (n - 1))
