def room(m, t):
    p = chance_above(t, m)
    lo, hi = 1, 2
    while hi * (hi - 1) / 2 * p <= 0.5:
        hi *= 2
    while hi - lo > 1:
        mid = (lo + hi) // 2
        lo, hi = (mid, hi) if mid * (mid - 1) / 2 * p <= 0.5 else (lo, mid)
    return np.int64(lo)
