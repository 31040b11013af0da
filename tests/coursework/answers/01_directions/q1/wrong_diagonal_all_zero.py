def cosines(W):
    r = np.linalg.norm(W, axis=1, keepdims=True)
    U = np.divide(W, r, out=np.zeros_like(W), where=r > 0)
    C = U @ U.T
    np.fill_diagonal(C, 0)
    return C
