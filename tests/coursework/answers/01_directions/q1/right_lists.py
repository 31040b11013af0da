def cosines(W):
    G = W @ W.T
    d = G.diagonal() ** 0.5
    d = np.where(d > 0, d, 1)
    return (G / d / d[:, None]).tolist()
