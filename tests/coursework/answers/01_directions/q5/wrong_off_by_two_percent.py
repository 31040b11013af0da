overlap_squared = 1 / dimension * 1.02
