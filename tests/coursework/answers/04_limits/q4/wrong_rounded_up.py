def law_ends(n, tolerance):
    return round(n * tolerance / (1 + tolerance)) + 1
