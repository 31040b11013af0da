pair = (pair[0], pair[0])
