overlap = 1 / 96
