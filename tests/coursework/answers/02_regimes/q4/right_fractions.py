from fractions import Fraction as F


def weak_loss(p, m):
    return sum(
        (F(4, 3) * F(float(a)) - F(float(a)) ** 2 for a in sorted(p, reverse=True)[m:]), F(0)
    )
