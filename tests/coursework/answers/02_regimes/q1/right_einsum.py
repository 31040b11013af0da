def toy_loss(W, b, x):
    y = np.clip(np.einsum("bi,ik,jk->bj", x, W, W) + b, 0, None)
    return np.square(y - x).mean() * x.shape[1]
