def room(m, t):
    p, n = chance_above(t, m), 1
    while n * (n - 1) / 2 * p < 0.5:
        n += 1
    return n
