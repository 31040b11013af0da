overlap_squared = np.cov(W).mean()
