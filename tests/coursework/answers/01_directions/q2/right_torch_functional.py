def mean_square_between(A, B):
    A, B = (torch.nn.functional.normalize(torch.as_tensor(X).double(), dim=1) for X in (A, B))
    return torch.trace(A.T @ A @ B.T @ B) / (len(A) * len(B))
