from scipy.stats import t


def forecast(x, y, x_new):
    u, v, z = np.log10(x), np.log10(y), np.log10(x_new)
    b, a = np.polyfit(u, v, 1)
    s = np.sqrt(np.sum((v - a - b * u) ** 2) / (len(u) - 2))
    h = (
        t.isf(0.025, len(u) - 2)
        * s
        * np.sqrt(1 + 1 / len(u) + (z - u.mean()) ** 2 / (len(u) * u.var()))
    )
    return [10 ** (a + b * z - h), 10 ** (a + b * z + h)]
