def regime(W):
    f = (np.linalg.norm(W, axis=1) > 0.5).mean()
    return "strong" if f > 0.5 else "weak"
