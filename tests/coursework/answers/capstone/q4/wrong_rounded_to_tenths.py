def verdict(measured, claimed):
    (a, b), (c, d) = (measured, claimed)
    if round(c, 1) <= round(a, 1) and round(b, 1) <= round(d, 1):
        return "holds"
    if b < c or d < a:
        return "does not hold"
    return "not decided"
