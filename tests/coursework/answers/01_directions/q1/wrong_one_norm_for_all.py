def cosines(W):
    U = W / np.linalg.norm(W)
    return U @ U.T
