def toy_gradient(W, b, x):
    h = x @ W
    a = h @ W.T + b
    d = 2 / len(x) * (np.maximum(a, 0) - x) * (a > 0) * (x > 0)
    return (d.T @ h + x.T @ (d @ W), d.sum(axis=0))
