def mean_square_between(A, B):
    U, V = (X / np.sqrt((X**2).sum(1))[:, None] for X in (A, B))
    M = V.T @ V / len(V)
    return np.mean(((U @ M) * U).sum(1))
