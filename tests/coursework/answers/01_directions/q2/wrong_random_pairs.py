def mean_square_between(A, B):
    U = A / np.linalg.norm(A, axis=1, keepdims=True)
    V = B / np.linalg.norm(B, axis=1, keepdims=True)
    r = np.random.default_rng(0)
    i = r.integers(len(U), size=200000)
    j = r.integers(len(V), size=200000)
    return ((U[i] * V[j]).sum(1) ** 2).mean()
