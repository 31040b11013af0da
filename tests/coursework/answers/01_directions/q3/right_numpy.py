def chance_above(t, m):
    from scipy.special import betainc

    return 1 - betainc(0.5, (m - 1) / 2, t**2) if t < 0.05 else betainc((m - 1) / 2, 0.5, 1 - t * t)
