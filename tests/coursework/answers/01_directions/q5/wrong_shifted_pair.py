pair = (pair[0] + 1, pair[1] + 1)
