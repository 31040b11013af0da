def stream_cosine(blocks):
    n, s = 0, 0.0
    for B in blocks:
        r = np.linalg.norm(B, axis=1, keepdims=True)
        U = B[r[:, 0] > 0] / r[r[:, 0] > 0]
        n, s = n + len(U), s + U.sum(axis=0)
    return (s @ s - n) / (n * (n - 1))
