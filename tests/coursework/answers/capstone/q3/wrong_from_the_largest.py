def holm(p):
    p = np.asarray(p, dtype=float)
    o = np.argsort(p)
    a = np.minimum.accumulate((p[o] * np.arange(len(p), 0, -1))[::-1])[::-1]
    out = np.empty_like(p)
    out[o] = np.minimum(a, 1)
    return out
