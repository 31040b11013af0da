def welch(n, m, k=1):
    return max(0.0, (n - m) / (m * (n - 1))) ** k
