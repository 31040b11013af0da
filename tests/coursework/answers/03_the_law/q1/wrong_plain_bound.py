def welch(n, m, k=1):
    from superposition.geometry import welch_bound

    return welch_bound(n, m)
