def holm(p):
    k = len(p)
    out, worst = [0.0] * k, 0.0
    for rank, i in enumerate(sorted(range(k), key=lambda i: p[i])):
        worst = max(worst, (k - rank) * float(p[i]))
        out[i] = min(1.0, worst)
    return out
