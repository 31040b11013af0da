overlap_squared = np.round(overlap_squared, 2)
