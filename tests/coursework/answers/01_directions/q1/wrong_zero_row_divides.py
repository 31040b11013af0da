def cosines(W):
    U = W / np.linalg.norm(W, axis=1, keepdims=True)
    return U @ U.T
