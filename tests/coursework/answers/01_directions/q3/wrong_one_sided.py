def chance_above(t, m):
    from scipy.integrate import quad

    f = lambda c: (1 - c * c) ** ((m - 3) / 2)
    return quad(f, t, 1)[0] / quad(f, -1, 1)[0]
