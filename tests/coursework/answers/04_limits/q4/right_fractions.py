from fractions import Fraction as F


def law_ends(n, tolerance):
    x = F(str(tolerance)) * n / (1 + F(str(tolerance)))
    return int(x) + 1
