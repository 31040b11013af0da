slope = np.polyfit(
    np.log(
        [
            weak_loss(np.arange(1.0, n + 1) ** -alpha / (np.arange(1.0, n + 1) ** -alpha).sum(), m)
            for m in widths
        ]
    ),
    np.log(widths),
    1,
)[0]
