def stream_overlap_squared(blocks):
    n, G = 0, 0
    for B in blocks:
        B = torch.as_tensor(B).double()
        r = B.norm(dim=1)
        U = B[r > 0] / r[r > 0, None]
        n += len(U)
        G = G + U.T @ U
    return (G.square().sum() - n) / (n * (n - 1))
