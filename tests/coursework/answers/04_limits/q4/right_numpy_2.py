def law_ends(n, tolerance):
    m = np.arange(1, n)
    return m[(-n / (n - m)) < -(1 + tolerance)][0]
