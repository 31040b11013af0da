def stream_cosine(blocks):
    n, s = 0, 0.0
    for B in blocks:
        for w in np.asarray(B):
            r = np.linalg.norm(w)
            if r > 0:
                n, s = n + 1, s + w / r
    mean = s / n
    return (n * (mean @ mean) - 1) / (n - 1)
