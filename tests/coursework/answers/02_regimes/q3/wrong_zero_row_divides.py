def decay_step(W, lr, gamma):
    if gamma >= 0:
        return W * (1 - lr * gamma)
    r = np.linalg.norm(W, axis=1, keepdims=True)
    return W + lr * gamma * W * (1 - 1 / r)
