def cosines(W):
    return W @ W.T
