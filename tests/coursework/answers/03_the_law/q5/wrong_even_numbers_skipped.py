from scipy.stats import norm, t


def models_needed(m_low, m_high, sigma, half_width):
    k = 3
    while True:
        u = np.linspace(np.log(m_low), np.log(m_high), k)
        S = ((u - u.mean()) ** 2).sum()
        if t.ppf(0.975, k - 2) * sigma / np.sqrt(S) <= half_width:
            return k
        k += 2
