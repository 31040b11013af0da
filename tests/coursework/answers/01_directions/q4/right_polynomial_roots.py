def room(m, t):
    p = float(chance_above(t, m))
    return int(np.floor(np.roots([1, -1, -1 / p]).max()))
