def toy_gradient(W, b, x):
    W = torch.tensor(np.asarray(W), requires_grad=True)
    b = torch.tensor(np.asarray(b), requires_grad=True)
    x = torch.as_tensor(x)
    ((torch.relu(x @ W @ W.T + b) - x) ** 2).sum(1).mean().backward()
    return W.grad, b.grad
