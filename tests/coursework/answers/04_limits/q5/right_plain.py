def parameters_factor(loss_now, loss_wanted, floor, alpha, s):
    if loss_wanted <= floor:
        return float("inf")
    return ((loss_now - floor) / (loss_wanted - floor)) ** (s / alpha)
