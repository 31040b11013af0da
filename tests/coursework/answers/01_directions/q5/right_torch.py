pair = np.array(pair)
overlap = torch.tensor(overlap)
dimension = np.int64(dimension)
