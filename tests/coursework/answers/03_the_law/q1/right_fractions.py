from fractions import Fraction
from math import comb


def welch(n, m, k=1):
    c = Fraction(n, comb(m + k - 1, m - 1))
    return float(max(Fraction(0), (c - 1) / (n - 1)))
