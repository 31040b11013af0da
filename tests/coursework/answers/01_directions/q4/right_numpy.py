def room(m, t):
    p = chance_above(t, m)
    return int((1 + np.sqrt(1 + 4 / p)) // 2)
