def chance_above(t, m):
    return 1 - t
