def stream_overlap_squared(blocks):
    n, G = (0, 0.0)
    for B in blocks:
        if len(B) < 2:
            continue
        r = np.linalg.norm(B, axis=1, keepdims=True)
        U = B[r[:, 0] > 0] / r[r[:, 0] > 0]
        n, G = (n + len(U), G + U.T @ U)
    return ((G**2).sum() - n) / (n * (n - 1))
