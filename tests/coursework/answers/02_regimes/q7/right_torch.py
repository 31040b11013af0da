def regime(W):
    W = torch.as_tensor(W).double()
    r = W.norm(dim=1)
    U = (W / r[:, None])[r > 0.5]
    if (r > 0.5).double().mean() >= 0.9:
        return "strong"
    C = (U @ U.T) ** 2 - torch.eye(len(U))
    return "weak" if len(U) <= W.shape[1] and not (C > 0.1).any() else "between"
