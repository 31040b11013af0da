def stream_cosine(blocks):
    n, s = 0, 0
    for B in blocks:
        B = torch.as_tensor(B).double()
        r = B.norm(dim=1)
        s = s + (B[r > 0] / r[r > 0, None]).sum(0)
        n += int((r > 0).sum())
    return (s.dot(s) - n) / n / (n - 1)
