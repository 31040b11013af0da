def room(m, t):
    p = chance_above(t, m)
    n = 1
    while n * (n + 1) * p <= 1:
        n += 1
    return n - 1 if n > 2 else n
