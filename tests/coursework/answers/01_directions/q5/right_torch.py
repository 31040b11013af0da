pair = np.array(pair)
overlap_squared = torch.tensor(overlap_squared)
dimension = np.int64(dimension)
