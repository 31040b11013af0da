def toy_gradient(W, b, x):
    W, b, x = (np.asarray(v, dtype=np.float32) for v in (W, b, x))
    a = x @ W @ W.T + b
    d = 2 * (np.maximum(a, 0) - x) * (a > 0) / len(x)
    S = d.T @ x
    return (S + S.T) @ W, d.sum(0)
