def stream_overlap_squared(blocks):
    out = []
    for B in blocks:
        U = B / np.linalg.norm(B, axis=1, keepdims=True)
        C = (U @ U.T) ** 2
        out.append((C.sum() - len(U)) / max(1, len(U) * (len(U) - 1)))
    return np.mean(out)
