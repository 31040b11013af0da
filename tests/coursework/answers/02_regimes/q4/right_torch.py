def weak_loss(p, m):
    p = torch.as_tensor(p).float().sort(descending=True).values[m:]
    return (4 * p / 3 - p**2).sum()
