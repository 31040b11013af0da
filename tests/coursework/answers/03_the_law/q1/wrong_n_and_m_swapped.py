def welch(n, m, k=1):
    return max(0.0, (m - n) / (n * (m - 1)))
