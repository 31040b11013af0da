from itertools import combinations


def regime(W):
    W = np.asarray(W, dtype=np.float32)
    K = [w for w in W if w @ w > 0.25]
    if len(K) >= len(W) - len(W) // 10 and len(K) / len(W) >= 0.9:
        return "strong"
    bad = any(((a @ b) ** 2 > 0.1 * (a @ a) * (b @ b) for a, b in combinations(K, 2)))
    return "between" if bad or len(K) > W.shape[1] else "weak"
