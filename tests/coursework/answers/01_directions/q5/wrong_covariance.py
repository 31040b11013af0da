overlap = np.cov(W).mean()
