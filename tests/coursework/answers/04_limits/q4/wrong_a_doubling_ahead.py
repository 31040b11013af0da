def law_ends(n, tolerance):
    b = lambda m: (n - m) / (m * (n - 1))
    m = 1
    while np.log(b(2 * m) / b(m)) / np.log(2) >= -(1 + tolerance) and 2 * m + 2 < n:
        m += 1
    return m
