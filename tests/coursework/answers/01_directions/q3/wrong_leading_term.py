def chance_above(t, m):
    from math import lgamma, exp, pi

    return (
        2
        * exp(lgamma(m / 2) - lgamma((m - 1) / 2))
        / pi**0.5
        * (1 - t * t) ** ((m - 1) / 2)
        / ((m - 1) * t)
        if t
        else 1.0
    )
