def mean_square_between(A, B):
    U = A / np.sqrt(np.einsum("ij,ij->i", A, A))[:, None]
    V = B / np.sqrt(np.einsum("ij,ij->i", B, B))[:, None]
    e, Q = np.linalg.eigh(U.T @ U / len(U))
    return float((((V @ Q) ** 2).mean(0) * e).sum())
