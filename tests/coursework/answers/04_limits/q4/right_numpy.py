def law_ends(n, tolerance):
    return int(np.floor(n * tolerance / (1 + tolerance))) + 1
