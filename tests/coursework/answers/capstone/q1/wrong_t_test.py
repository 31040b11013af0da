def exact_test(a, b):
    from scipy.stats import ttest_ind

    return ttest_ind(a, b).pvalue
