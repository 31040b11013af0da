def holm(p):
    return np.minimum(1, np.asarray(p) * len(p))
