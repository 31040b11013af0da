from sympy import Rational, binomial


def welch(n, m, k=1):
    x = (Rational(n) / binomial(m + k - 1, k) - 1) / (n - 1)
    return x if x > 0 else 0
