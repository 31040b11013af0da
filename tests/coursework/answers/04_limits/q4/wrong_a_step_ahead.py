def law_ends(n, tolerance):
    b = lambda m: (n - m) / (m * (n - 1))
    m = 1
    while np.log(b(m + 1) / b(m)) / np.log((m + 1) / m) >= -(1 + tolerance) and m + 2 < n:
        m += 1
    return m
