def welch(n, m, k=1):
    c = 1.0
    for i in range(k):
        c = c * (m + i) / (i + 1)
    return torch.tensor((n - c) / (c * (n - 1))).clamp_min(0)
