def holm(p):
    p = torch.as_tensor(p).float()
    i = p.argsort()
    a = (p[i] * torch.arange(len(p), 0, -1)).cummax(0)[0].clamp(max=1)
    return a[i.argsort()]
