import math


def room(m, t):
    return torch.tensor(math.floor(0.5 + math.sqrt(0.25 + 1 / chance_above(t, m))))
