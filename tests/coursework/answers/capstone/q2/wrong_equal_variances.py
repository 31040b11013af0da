from scipy.stats import ttest_ind

_one = seed_interval


def seed_interval(values, level=0.95, baseline=None):
    if baseline is None:
        return _one(values, level)
    return ttest_ind(values, baseline).confidence_interval(level)
