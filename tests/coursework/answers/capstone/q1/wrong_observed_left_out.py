from itertools import combinations


def exact_test(a, b):
    v = np.concatenate([a, b])
    n, total = len(a), v.sum()
    s = np.array([sum(c) for c in combinations(v.tolist(), n)])
    d = np.abs(s / n - (total - s) / len(b))
    return ((d >= d[0] * (1 - 1e-9)).sum() - 1) / (len(d) - 1)
