def toy_loss(W, b, x):
    return torch.nn.functional.mse_loss(torch.relu(x @ W @ W.T + b), x, reduction="sum") / len(x)
