def chance_above(t, m):
    from scipy.stats import f

    return f.sf(t * t * (m - 1) / (1 - t * t), 1, m - 1)
