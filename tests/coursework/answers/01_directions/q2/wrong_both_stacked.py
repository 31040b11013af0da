def mean_square_between(A, B):
    U = A / np.linalg.norm(A, axis=1, keepdims=True)
    V = B / np.linalg.norm(B, axis=1, keepdims=True)
    X = np.vstack([U, V])
    G = X.T @ X
    return (G**2).sum() / len(X) ** 2
