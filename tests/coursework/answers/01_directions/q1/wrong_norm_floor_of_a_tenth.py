def cosines(W):
    U = W / np.maximum(np.linalg.norm(W, axis=1, keepdims=True), 0.1)
    return U @ U.T
