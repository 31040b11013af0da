def verdict(measured, claimed):
    (a, b), (c, d) = measured, claimed
    if c <= a and b <= d:
        return "holds"
    if b < c or d < a:
        return "does not hold"
    return "not decided"
