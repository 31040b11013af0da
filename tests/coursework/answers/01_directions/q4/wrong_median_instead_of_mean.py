def room(m, t):
    p = chance_above(t, m)
    return int((1 + (1 + 8 * np.log(2) / p) ** 0.5) / 2)
