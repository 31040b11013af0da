def room(m, t):
    return round(chance_above(t, m) ** -0.5)
