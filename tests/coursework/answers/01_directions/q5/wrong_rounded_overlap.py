overlap = np.round(overlap, 2)
