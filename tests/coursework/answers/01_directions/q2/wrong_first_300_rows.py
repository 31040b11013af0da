def mean_square_between(A, B):
    U = A / np.linalg.norm(A, axis=1, keepdims=True)
    V = B / np.linalg.norm(B, axis=1, keepdims=True)
    s = 0.0
    for k in range(min(len(U), 300)):
        s += ((V @ U[k]) ** 2).mean()
    return s / min(len(U), 300)
