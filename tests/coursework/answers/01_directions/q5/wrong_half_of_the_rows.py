V = W[W[:, 0] > 0]
overlap_squared = (len(V) ** 2 * mean_square_between(V, V) - len(V)) / len(V) / (len(V) - 1)
