def chance_above(t, m):
    c = np.random.default_rng(0).normal(size=(20000, m))
    return (np.abs(c[:, 0]) / np.linalg.norm(c, axis=1) > t).mean()
