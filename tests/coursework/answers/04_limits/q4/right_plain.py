def law_ends(n, tolerance):
    m = 1
    while n / (n - m) <= 1 + tolerance:
        m += 1
    return m
