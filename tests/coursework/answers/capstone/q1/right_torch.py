def exact_test(a, b):
    from itertools import combinations

    v = torch.cat([torch.as_tensor(a), torch.as_tensor(b)]).double()
    idx = torch.tensor(list(combinations(range(len(v)), len(a))))
    s = v[idx].sum(1)
    d = (s / len(a) - (v.sum() - s) / len(b)).abs()
    seen = (torch.as_tensor(a).double().mean() - torch.as_tensor(b).double().mean()).abs()
    return (d >= seen * (1 - 1e-9) - 1e-12).double().mean()
