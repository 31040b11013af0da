def stream_overlap_squared(blocks):
    G, n = None, 0
    for B in blocks:
        for w in np.asarray(B, dtype=np.float64):
            s = w @ w
            if s:
                n += 1
                G = np.outer(w, w) / s if G is None else G + np.outer(w, w) / s
    return np.float32((np.linalg.norm(G) ** 2 - n) / n / (n - 1))
