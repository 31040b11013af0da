def chance_above(t, m):
    from scipy.stats import t as student

    return 2 * student.sf(t * ((m - 1) / (1 - t * t)) ** 0.5, m - 1)
