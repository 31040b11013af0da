def decay_step(W, lr, gamma):
    out = W.copy()
    for i in range(len(W)):
        r = np.linalg.norm(W[i])
        if gamma >= 0:
            out[i] *= 1 - lr * gamma
        elif r > 0:
            out[i] *= 1 + lr * gamma * (1 - 1 / r)
    return out
