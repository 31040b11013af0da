def parameters_factor(loss_now, loss_wanted, floor, alpha, s):
    if loss_wanted <= floor:
        return torch.tensor(float("inf"))
    w = torch.tensor((loss_wanted - floor) / (loss_now - floor)) ** (-1 / alpha)
    return w**s
