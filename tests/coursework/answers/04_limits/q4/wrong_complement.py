def law_ends(n, tolerance):
    return int(n / (1 + tolerance)) + 1
