def mean_square_between(A, B):
    U = A / np.linalg.norm(A, axis=1, keepdims=True)
    V = B / np.linalg.norm(B, axis=1, keepdims=True)
    return (U.mean(axis=0) @ V.mean(axis=0)) ** 2
