def law_from_three(y1, y2, y3):
    q = (y2 - y3) / (y1 - y2)
    return (-np.log2(q), max(0.0, y1 - (y1 - y2) / (1 - q)))
