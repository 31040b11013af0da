q = np.arange(1.0, n + 1) ** -alpha
q /= q.sum()
slope = np.polyfit(np.log(widths), np.log([(4 / 3 * q[m:] - q[m:] ** 2).sum() for m in widths]), 1)[
    0
]
