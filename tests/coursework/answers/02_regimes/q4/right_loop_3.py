def weak_loss(p, m):
    from scipy.optimize import minimize_scalar

    return sum(
        (
            minimize_scalar(lambda c: (1 - a) * c * c + a * (4 / 3 - 2 * c + c * c)).fun
            for a in sorted(p)[: max(0, len(p) - m)]
        )
    )
