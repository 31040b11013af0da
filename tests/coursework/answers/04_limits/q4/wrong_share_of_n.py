def law_ends(n, tolerance):
    return round(n * tolerance)
