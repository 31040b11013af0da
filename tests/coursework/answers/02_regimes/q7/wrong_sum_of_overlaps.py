def regime(W):
    r = np.linalg.norm(W, axis=1)
    kept = W[r > 0.5] / r[r > 0.5, None]
    if len(kept) >= 0.9 * len(W):
        return "strong"
    C = np.triu((kept @ kept.T) ** 2, 1)
    if len(kept) <= W.shape[1] and (C.size == 0 or C.sum() <= 0.1):
        return "weak"
    return "between"
