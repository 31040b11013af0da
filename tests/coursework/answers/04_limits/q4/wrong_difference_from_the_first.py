def law_ends(n, tolerance):
    m = 1
    while (n - m) / (n - 1) >= 1 - tolerance:
        m += 1
    return m
