U = W - W.mean(0)
overlap_squared = (500**2 * mean_square_between(U, U) - 500) / (500 * 499)
