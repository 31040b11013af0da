def stream_cosine(blocks):
    c = []
    for B in blocks:
        r = np.linalg.norm(B, axis=1)
        U = B[r > 0] / r[r > 0, None]
        if len(U) > 1:
            c.append((U.sum(0) @ U.sum(0) - len(U)) / len(U) / (len(U) - 1))
    return np.mean(c)
