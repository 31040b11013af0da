from scipy.special import binom


def welch(n, m, k=1):
    return np.maximum(0, (n**2 / binom(m + k - 1, k) - n) / (n * (n - 1)))
