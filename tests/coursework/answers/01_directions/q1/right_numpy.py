def cosines(W):
    r = np.linalg.norm(W, axis=1)
    r[r == 0] = 1
    W /= r[:, None]
    return W @ W.T
