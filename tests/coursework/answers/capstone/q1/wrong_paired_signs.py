from itertools import permutations


def exact_test(a, b):
    a, b = (list(a), list(b))
    d = np.mean(a) - np.mean(b)
    k = n = 0
    from itertools import product

    for s in product([1, -1], repeat=min(len(a), len(b))):
        x = [p - q for p, q in zip(a, b)]
        n += 1
        k += abs(np.dot(s, x)) >= abs(sum(x)) - 1e-12
    return k / n
