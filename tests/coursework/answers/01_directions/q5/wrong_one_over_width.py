overlap_squared = 1 / 96
