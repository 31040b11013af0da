def cosines(W):
    return np.corrcoef(W)
