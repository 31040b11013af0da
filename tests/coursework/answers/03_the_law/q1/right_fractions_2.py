from fractions import Fraction
from math import factorial as f


def welch(n, m, k=1):
    return max(Fraction(0), (Fraction(n * f(k) * f(m - 1), f(m + k - 1)) - 1) / (n - 1))
