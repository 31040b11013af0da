def models_needed(m_low, m_high, sigma, half_width):
    from scipy.stats import t

    return next(
        float(k)
        for k in range(3, 5000)
        if t.interval(0.95, k - 2)[1]
        * sigma
        / np.sqrt(
            np.sum((np.linspace(0, np.log(m_high / m_low), k) - np.log(m_high / m_low) / 2) ** 2)
        )
        <= half_width
    )
