def weak_loss(p, m):
    rest = sorted(p, reverse=True)[m:]
    return sum(q / 3 + q * (1 - q) for q in rest)
