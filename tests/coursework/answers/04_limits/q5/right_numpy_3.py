def parameters_factor(loss_now, loss_wanted, floor, alpha, s):
    g = np.array([loss_now - floor, loss_wanted - floor])
    return np.exp(-s / alpha * np.diff(np.log(g)))[0] if g[1] > 0 else np.inf
