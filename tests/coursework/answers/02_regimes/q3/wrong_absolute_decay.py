def decay_step(W, lr, gamma):
    return W * (1 - lr * abs(gamma))
