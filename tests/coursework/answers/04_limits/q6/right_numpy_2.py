def law_from_three(y1, y2, y3):
    a = np.log((y1 - y2) / (y2 - y3)) / np.log(2)
    return np.array([a, y3 - (y2 - y3) / (2**a - 1)])
