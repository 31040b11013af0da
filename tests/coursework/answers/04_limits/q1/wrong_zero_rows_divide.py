def stream_overlap_squared(blocks):
    n = sum(len(B) for B in blocks)
    G = 0.0
    for B in blocks:
        U = B / np.linalg.norm(B, axis=1, keepdims=True)
        G = G + U.T @ U
    return ((G**2).sum() - n) / (n * (n - 1))
