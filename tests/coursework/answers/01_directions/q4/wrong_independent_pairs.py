def room(m, t):
    p = chance_above(t, m)
    return int(np.log(0.5) / np.log1p(-p))
