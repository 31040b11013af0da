def holm(p):
    p = torch.as_tensor(p).double()
    s, i = p.sort()
    a = torch.cummax(s * torch.arange(len(p), 0, -1), 0).values.clamp(max=1)
    return torch.empty_like(p).scatter_(0, i, a)
