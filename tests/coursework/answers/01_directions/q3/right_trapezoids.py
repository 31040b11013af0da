def chance_above(t, m):
    a = np.linspace(0, np.arccos(t), 200001)
    b = np.linspace(0, np.pi / 2, 200001)
    f = lambda x: np.trapezoid(np.sin(x) ** (m - 2), x)
    return f(a) / f(b)
