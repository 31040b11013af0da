pair = torch.tensor(pair)
overlap = np.float32(overlap)
dimension = float(dimension)
