def law_from_three(y1, y2, y3):
    floor = (y1 * y3 - y2 * y2) / (y1 + y3 - 2 * y2)
    return np.log2((y1 - floor) / (y2 - floor)), floor
