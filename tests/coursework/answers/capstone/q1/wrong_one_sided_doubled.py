from itertools import combinations


def exact_test(a, b):
    v = np.concatenate([a, b])
    n, total = (len(a), v.sum())
    s = np.array([sum(c) for c in combinations(v.tolist(), n)])
    d = np.abs(s / n - (total - s) / len(b))
    return 2 * min(0.5, (s >= s[0]).mean())
