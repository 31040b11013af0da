def law_from_three(y1, y2, y3):
    a = -np.polyfit(np.log([1, 2, 4]), np.log([y1, y2, y3]), 1)[0]
    return (a, 0.0)
