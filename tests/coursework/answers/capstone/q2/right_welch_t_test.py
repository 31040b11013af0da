def seed_interval(values, level=0.95, baseline=None):
    from scipy import stats

    v = np.asarray(values)
    if baseline is not None:
        r = stats.ttest_ind(v, np.asarray(baseline), equal_var=False)
        return list(r.confidence_interval(confidence_level=level))
    return stats.t.interval(level, len(v) - 1, loc=np.mean(v), scale=stats.sem(v))
