def cosines(W):
    n = len(W)
    C = np.zeros((n, n))
    for i in range(n):
        for j in range(i):
            a = np.linalg.norm(W[i]) * np.linalg.norm(W[j])
            C[i, j] = C[j, i] = W[i] @ W[j] / a if a else 0
    return C + np.eye(n)
