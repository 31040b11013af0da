from scipy.stats import norm, t, ttest_ind


def seed_interval(values, level=0.95, baseline=None):
    if baseline is not None:
        return ttest_ind(values, baseline, equal_var=False).confidence_interval(level)
    v = np.asarray(values, dtype=float)
    h = t.ppf((1 + level) / 2, len(v) - 1) * v.std(ddof=1) / len(v) ** 0.5
    return v.mean() - h, v.mean() + h
