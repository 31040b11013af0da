def cosines(W):
    out = np.zeros((len(W), len(W)), dtype=np.float32)
    for i, a in enumerate(W):
        for j, b in enumerate(W):
            s = np.sqrt((a * a).sum() * (b * b).sum())
            out[i, j] = 0 if s == 0 else a @ b / s
    return out
