def toy_loss(W, b, x):
    W, b, x = (torch.as_tensor(v).float() for v in (W, b, x))
    return ((torch.relu(x @ (W @ W.T) + b) - x) ** 2).sum(-1).mean()
