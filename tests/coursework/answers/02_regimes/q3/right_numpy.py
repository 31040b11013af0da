def decay_step(W, lr, gamma):
    if gamma < 0:
        r = np.maximum(np.linalg.norm(W, axis=1, keepdims=True), 1e-12)
        return W + lr * gamma * (W - W / r)
    return (1 - lr * gamma) * W
