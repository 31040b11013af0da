dimension = 96
