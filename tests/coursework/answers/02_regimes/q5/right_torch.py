slope = torch.tensor(slope)
