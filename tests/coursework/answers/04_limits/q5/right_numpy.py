def parameters_factor(loss_now, loss_wanted, floor, alpha, s):
    if loss_wanted > floor:
        return np.exp(s / alpha * (np.log(loss_now - floor) - np.log(loss_wanted - floor)))
    return np.inf
