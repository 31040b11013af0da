overlap = mean_square_between(W, W)
