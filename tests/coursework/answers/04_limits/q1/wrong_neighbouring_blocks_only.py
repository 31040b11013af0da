def stream_overlap_squared(blocks):
    v = []
    prev = None
    for B in blocks:
        U = B / np.maximum(np.linalg.norm(B, axis=1, keepdims=True), 1e-30)
        C = (U @ U.T) ** 2
        v += list(C[np.triu_indices(len(U), 1)])
        if prev is not None:
            v += list(((prev @ U.T) ** 2).ravel())
        prev = U
    return np.mean(v)
