p = np.arange(1.0, n + 1) ** (-alpha)
p /= p.sum()
slope = np.polyfit(np.log(widths), np.log([4 / 3 * p[m:].sum() for m in widths]), 1)[0]
