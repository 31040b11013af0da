pair = torch.tensor(pair)
overlap_squared = np.float32(overlap_squared)
dimension = float(dimension)
