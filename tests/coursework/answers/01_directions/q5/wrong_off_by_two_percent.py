overlap = 1 / dimension * 1.02
