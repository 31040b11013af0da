def toy_gradient(W, b, x):

    def f(W, b):
        return ((torch.relu(x @ W @ W.T + b) - x) ** 2).sum() / len(x)

    return torch.func.grad(f, argnums=(0, 1))(W, b)
