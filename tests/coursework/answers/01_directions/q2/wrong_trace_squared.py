def mean_square_between(A, B):
    U = A / np.linalg.norm(A, axis=1, keepdims=True)
    V = B / np.linalg.norm(B, axis=1, keepdims=True)
    return np.trace(U.T @ V) ** 2 / (len(U) * len(V))
