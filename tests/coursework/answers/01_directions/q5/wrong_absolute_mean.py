overlap_squared = np.abs(cosines(W) - np.eye(500)).sum() / (500 * 499)
