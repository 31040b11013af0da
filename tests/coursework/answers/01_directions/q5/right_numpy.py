pair = [pair[1], pair[0]]
