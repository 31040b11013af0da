def toy_gradient(W, b, x):
    dW, db = np.zeros(W.shape), np.zeros(b.shape)
    for v in x:
        a = W @ (W.T @ v) + b
        d = 2 * np.where(a > 0, a - v, 0) / len(x)
        dW += np.outer(d, W.T @ v) + np.outer(v, W.T @ d)
        db += d
    return [dW, db]
