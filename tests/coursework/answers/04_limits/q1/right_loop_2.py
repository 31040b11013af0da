def stream_overlap_squared(blocks):
    n = 0
    G = 0.0
    for B in blocks:
        B /= np.where((r := np.sqrt((B**2).sum(1, keepdims=True))) > 0, r, 1)
        n += np.count_nonzero(r)
        G = G + B.T @ B
    return np.array((np.vdot(G, G) - n) / (n**2 - n))
