def chance_above(t, m):
    from scipy.special import erfc

    return erfc(t * (m / 2) ** 0.5)
