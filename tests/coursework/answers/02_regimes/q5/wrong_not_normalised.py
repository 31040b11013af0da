p = np.arange(1.0, n + 1) ** (-alpha)
slope = np.polyfit(np.log(widths), np.log([weak_loss(np.minimum(p, 1), m) for m in widths]), 1)[0]
