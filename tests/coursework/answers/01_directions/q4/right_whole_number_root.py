from math import isqrt


def room(m, t):
    k = int(1 / chance_above(t, m))
    return (1 + isqrt(1 + 4 * k)) // 2
