overlap_squared = mean_square_between(W, W)
