def chance_above(t, m):
    return 2 * np.exp(-m * t * t / 2)
