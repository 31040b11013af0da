from superposition.toy.variants import mean_interval


def seed_interval(values, level=0.95, baseline=None):
    low, high = mean_interval(values, level)[1:]
    return (low, high) if baseline is None else (low - np.mean(baseline), high - np.mean(baseline))
