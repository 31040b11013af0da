p = np.arange(1.0, n + 1) ** (-alpha)
p /= p.max()
slope = np.polyfit(np.log(widths), np.log([weak_loss(p, m) for m in widths]), 1)[0]
