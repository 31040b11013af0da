dimension = dimension + 1
