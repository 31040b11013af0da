def chance_above(t, m):
    from scipy.special import betainc

    return betainc((m - 1) / 2, 0.5, 1 - t**2)
