from superposition.power_law import fit_power_law


def forecast(x, y, x_new):
    f = fit_power_law(x, y)
    return f.predict(x_new) * 0.9, f.predict(x_new) * 1.1
