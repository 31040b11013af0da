def exact_test(a, b):
    rng = np.random.default_rng(0)
    v = np.concatenate([a, b])
    d = abs(np.mean(a) - np.mean(b))
    hits = 0
    for _ in range(500):
        rng.shuffle(v)
        hits += abs(v[: len(a)].mean() - v[len(a) :].mean()) >= d
    return hits / 500
