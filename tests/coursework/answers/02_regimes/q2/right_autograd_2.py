def toy_gradient(W, b, x):
    W = W.clone().requires_grad_()
    b = b.clone().requires_grad_()
    l = ((torch.relu(x @ W @ W.T + b) - x) ** 2).sum(1).mean()
    return torch.autograd.grad(l, [W, b])
