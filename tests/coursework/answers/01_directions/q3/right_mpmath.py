def chance_above(t, m):
    import mpmath

    f = lambda a: mpmath.sin(a) ** (m - 2)
    return mpmath.quad(f, [0, mpmath.acos(t) / 2, mpmath.acos(t)]) / mpmath.quad(
        f, [0, mpmath.pi / 4, mpmath.pi / 2]
    )
