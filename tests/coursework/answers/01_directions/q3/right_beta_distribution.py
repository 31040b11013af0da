def chance_above(t, m):
    from scipy.stats import beta

    return 2 * beta((m - 1) / 2, (m - 1) / 2).sf((1 + t) / 2)
