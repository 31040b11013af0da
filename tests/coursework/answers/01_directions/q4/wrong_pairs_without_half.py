def room(m, t):
    return int((2 / chance_above(t, m)) ** 0.5)
