def cosines(W):
    W = torch.as_tensor(W).float()
    return torch.nn.functional.normalize(W, dim=1) @ torch.nn.functional.normalize(W, dim=1).T
