def stream_overlap_squared(blocks):
    X = np.concatenate([np.asarray(B) for B in blocks])
    U = X / np.linalg.norm(X, axis=1, keepdims=True)
    C = (U @ U.T) ** 2
    return (C.sum() - len(U)) / (len(U) * (len(U) - 1))
