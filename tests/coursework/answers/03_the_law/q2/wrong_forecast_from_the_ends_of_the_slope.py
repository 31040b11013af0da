def forecast(x, y, x_new):
    b, low, high = fit_exponent(x, y)
    a = np.log(y).mean() - b * np.log(x).mean()
    return np.exp(a + high * np.log(x_new)), np.exp(a + low * np.log(x_new))
