def cosines(W):
    U = W / (np.linalg.norm(W, axis=1, keepdims=True) + 0.001)
    return U @ U.T
