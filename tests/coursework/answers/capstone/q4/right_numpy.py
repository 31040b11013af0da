def verdict(measured, claimed):
    (a, b), (c, d) = measured, claimed
    if b < c or a > d:
        return "does not hold"
    return "holds" if a >= c and b <= d else "not decided"
