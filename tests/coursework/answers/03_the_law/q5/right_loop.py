def models_needed(m_low, m_high, sigma, half_width):
    from scipy.stats import t

    for k in range(3, 10**6):
        S = np.log(np.geomspace(m_low, m_high, k)).var() * k
        if t.isf(0.025, k - 2) * sigma <= half_width * S**0.5:
            return np.int64(k)
