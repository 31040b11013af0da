def law_ends(n, tolerance):
    return n * tolerance / (1 + tolerance)
