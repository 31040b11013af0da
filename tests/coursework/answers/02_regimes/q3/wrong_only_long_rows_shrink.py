def decay_step(W, lr, gamma):
    if gamma >= 0:
        return W * (1 - lr * gamma)
    r = np.linalg.norm(W, axis=1, keepdims=True)
    U = np.divide(W, r, out=np.zeros_like(W), where=r > 0)
    return np.where(r > 1, W + lr * gamma * (W - U), W)
