def verdict(m, c):
    inside = all((c[0] <= v <= c[1] for v in m))
    touch = any((c[0] <= v <= c[1] for v in m)) or (m[0] < c[0] and m[1] > c[1])
    return "holds" if inside else "not decided" if touch else "does not hold"
