def chance_above(t, m):
    x, w = np.polynomial.legendre.leggauss(400)

    def I(hi):
        return (w * np.sin((x + 1) / 2 * hi) ** (m - 2)).sum() * hi / 2

    return I(np.arccos(t)) / I(np.pi / 2)
