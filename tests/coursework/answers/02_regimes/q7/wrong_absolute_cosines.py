def regime(W):
    r = np.linalg.norm(W, axis=1)
    K = W[r > 0.5]
    if len(K) >= 0.9 * len(W):
        return "strong"
    C = np.triu(np.abs(K @ K.T), 1)
    return "weak" if len(K) <= W.shape[1] and (C.size == 0 or C.max() <= 0.1) else "between"
