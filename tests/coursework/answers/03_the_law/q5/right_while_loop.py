def models_needed(m_low, m_high, sigma, half_width):
    from scipy.stats import t

    ok = lambda k: (
        t.ppf(0.975, k - 2)
        * sigma
        / np.sqrt(np.var(np.log(np.logspace(np.log10(m_low), np.log10(m_high), k))) * k)
        <= half_width
    )
    lo, hi = (2, 3)
    while not ok(hi):
        lo, hi = (hi, hi * 2)
    while hi - lo > 1:
        m = (lo + hi) // 2
        lo, hi = (lo, m) if ok(m) else (m, hi)
    return np.array([hi])
