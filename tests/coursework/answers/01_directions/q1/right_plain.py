def cosines(W):
    r = np.linalg.norm(W, axis=1, keepdims=True)
    U = np.divide(W, r, out=np.zeros_like(W), where=r > 0)
    return U @ U.T
