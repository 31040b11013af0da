def cosines(W):
    W = W.double()
    return torch.nan_to_num(torch.cosine_similarity(W[:, None], W[None], dim=2))
