def verdict(measured, claimed):
    m, c = np.asarray(measured), np.asarray(claimed)
    inside = (m >= c[0]).all() and (m <= c[1]).all()
    apart = max(m[0], c[0]) > min(m[1], c[1])
    return ("not decided", "holds", "does not hold")[1 * bool(inside) + 2 * bool(apart)]
