def cosines(W):
    U = W / np.abs(W).sum(axis=1, keepdims=True)
    return np.nan_to_num(U @ U.T)
