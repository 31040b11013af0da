def regime(W):
    f = (np.linalg.norm(W, axis=1) > 0.5).mean()
    return "strong" if f >= 0.9 else "weak" if f <= W.shape[1] / len(W) else "between"
