def exact_test(a, b):
    from scipy.stats import mannwhitneyu

    return mannwhitneyu(a, b, method="exact").pvalue
