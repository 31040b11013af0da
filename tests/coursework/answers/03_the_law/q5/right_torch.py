def models_needed(m_low, m_high, sigma, half_width):
    from scipy.stats import t

    k, L = 2, np.log(m_high) - np.log(m_low)
    half = np.inf
    while half > half_width:
        k += 1
        half = t.ppf(0.975, k - 2) * sigma / (L * np.sqrt(k * (k + 1) / (12 * (k - 1))))
    return torch.tensor(k)
