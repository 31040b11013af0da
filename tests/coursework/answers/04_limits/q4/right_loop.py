def law_ends(n, tolerance):
    return next(m for m in range(1, n) if m / (n - m) > tolerance)
