def mean_square_between(A, B):
    k = min(len(A), len(B), 2000)
    U = A[:k] / np.linalg.norm(A[:k], axis=1, keepdims=True)
    V = B[:k] / np.linalg.norm(B[:k], axis=1, keepdims=True)
    return (np.sum(U * V, axis=1) ** 2).mean()
