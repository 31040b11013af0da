def decay_step(W, lr, gamma):
    if gamma >= 0:
        W *= 1 - lr * gamma
    else:
        r = np.linalg.norm(W, axis=1)
        W[r > 0] += lr * gamma * W[r > 0] * (1 - 1 / r[r > 0])[:, None]
    return W
