def verdict(measured, claimed):
    (a, b), (c, d) = (measured, claimed)
    if c - 0.05 <= a and b <= d + 0.05:
        return "holds"
    if b < c or d < a:
        return "does not hold"
    return "not decided"
