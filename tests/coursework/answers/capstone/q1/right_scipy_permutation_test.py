def exact_test(a, b):
    from scipy.stats import permutation_test

    f = lambda x, y: abs(np.mean(x) - np.mean(y))
    a, b = np.asarray(a), np.asarray(b)
    from itertools import combinations

    v = np.r_[a, b]
    seen = f(a, b) - 1e-9
    ways = list(combinations(range(len(v)), len(a)))
    return sum(f(v[list(w)], np.delete(v, w)) >= seen for w in ways) / len(ways)
