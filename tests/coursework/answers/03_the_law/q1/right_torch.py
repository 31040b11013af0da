def welch(n, m, k=1):
    n, c = torch.tensor(float(n)), torch.tensor(1.0)
    for i in range(k):
        c = c * (m + i) / (i + 1)
    return torch.relu((n / c - 1) / (n - 1))
