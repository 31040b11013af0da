def room(m, t):
    return int(1 / chance_above(t, m))
