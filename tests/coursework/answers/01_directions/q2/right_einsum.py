def mean_square_between(A, B):
    A = (A / np.linalg.norm(A, axis=1, keepdims=True)).astype(np.float32)
    B = (B / np.linalg.norm(B, axis=1, keepdims=True)).astype(np.float32)
    GB = B.T @ B
    return (
        sum(
            float(np.einsum("ia,ab,ib->", A[k : k + 1000], GB, A[k : k + 1000], optimize=True))
            for k in range(0, len(A), 1000)
        )
        / len(A)
        / len(B)
    )
