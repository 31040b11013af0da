from math import comb


def welch(n, m, k=1):
    return max(0.0, (n / comb(m + k - 1, k) - 1) / (n - 1))
