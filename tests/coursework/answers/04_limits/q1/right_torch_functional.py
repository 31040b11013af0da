def stream_overlap_squared(blocks):
    n = 0
    G = None
    while True:
        try:
            B = next(blocks)
        except StopIteration:
            break
        U = torch.nn.functional.normalize(torch.as_tensor(B).double(), dim=1)
        n += int((U.abs().sum(1) > 0).sum())
        G = U.T @ U if G is None else G + U.T @ U
    return float((G.pow(2).sum() - n) / (n * (n - 1)))
