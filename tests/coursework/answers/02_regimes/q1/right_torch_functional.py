def toy_loss(W, b, x):
    y = torch.nn.functional.relu(torch.nn.functional.linear(x @ W, W, b))
    return torch.sum((x - y) ** 2) / x.shape[0]
