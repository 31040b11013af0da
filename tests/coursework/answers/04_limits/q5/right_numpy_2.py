import math


def parameters_factor(loss_now, loss_wanted, floor, alpha, s):
    a, b = loss_now - floor, loss_wanted - floor
    return math.inf if b <= 0 else math.pow(a / b, 1 / alpha) ** s
