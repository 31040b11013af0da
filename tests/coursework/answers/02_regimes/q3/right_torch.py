def decay_step(W, lr, gamma):
    W = torch.as_tensor(W).clone().float()
    if gamma >= 0:
        return W - lr * gamma * W
    r = W.norm(dim=1, keepdim=True)
    return torch.where(r > 0, W + lr * gamma * W * (1 - 1 / r.clamp_min(1e-30)), W)
