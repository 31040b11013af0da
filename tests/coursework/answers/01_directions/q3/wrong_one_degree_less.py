def chance_above(t, m):
    from scipy.stats import t as T

    return (
        2 * T.sf(t * ((m - 2) / (1 - t * t)) ** 0.5, m - 2) if m > 2 else 2 / np.pi * np.arccos(t)
    )
