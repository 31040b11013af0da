from math import comb


def welch(n, m, k=1):
    return max(0.0, (n / m - 1) / (n - 1) if k == 1 else m ** (-k))
