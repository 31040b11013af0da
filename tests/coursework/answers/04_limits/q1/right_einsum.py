def stream_overlap_squared(blocks):
    blocks = iter(blocks)
    G = n = 0
    for B in blocks:
        B = np.asarray(B, dtype=np.float32)
        r = np.sqrt((B * B).sum(1))
        B = B[r > 0] / r[r > 0][:, None]
        G, n = G + np.einsum("ia,ib->ab", B, B), n + len(B)
    return float((np.trace(G @ G) - n) / (n * n - n))
