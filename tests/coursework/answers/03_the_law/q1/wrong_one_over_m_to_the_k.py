def welch(n, m, k=1):
    return 1 / m**k
