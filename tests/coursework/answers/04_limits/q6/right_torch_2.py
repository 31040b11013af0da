import math


def law_from_three(y1, y2, y3):
    r = (y1 - y2) / (y2 - y3)
    return [math.log(r, 2), torch.tensor(y2 - (y1 - y2) / (r - 1), dtype=torch.float64)]
