def cosines(W):
    W = W[np.linalg.norm(W, axis=1) > 0]
    U = W / np.linalg.norm(W, axis=1, keepdims=True)
    return U @ U.T
