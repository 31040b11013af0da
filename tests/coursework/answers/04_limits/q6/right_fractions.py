from fractions import Fraction as F
import math


def law_from_three(y1, y2, y3):
    a, b, c = map(F, (y1, y2, y3))
    return (math.log2((a - b) / (b - c)), (a * c - b * b) / (a + c - 2 * b))
