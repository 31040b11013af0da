from fractions import Fraction as F
from itertools import combinations


def exact_test(a, b):
    v = list(map(float, a)) + list(map(float, b))
    n = len(a)
    N = len(v)
    t = sum(v)
    seen = abs(sum(v[:n]) / n - sum(v[n:]) / (N - n))
    w = [
        abs(sum((v[i] for i in c)) / n - (t - sum((v[i] for i in c))) / (N - n))
        for c in combinations(range(N), n)
    ]
    return F(sum((x >= seen - 1e-09 * max(seen, 0.001) for x in w)), len(w))
