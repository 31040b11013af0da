def regime(W):
    kept = [w / np.linalg.norm(w) for w in np.asarray(W) if np.linalg.norm(w) > 0.5]
    if len(kept) / len(W) >= 0.9:
        return "strong"
    if len(kept) > len(W[0]):
        return "between"
    for i in range(len(kept)):
        for j in range(i):
            if np.dot(kept[i], kept[j]) ** 2 > 0.1:
                return "between"
    return "weak"
