dimension = 40
