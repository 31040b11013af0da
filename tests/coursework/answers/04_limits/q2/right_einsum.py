def stream_cosine(blocks):
    n, s = (0, 0.0)
    for B in blocks:
        r = np.sqrt(np.einsum("ij,ij->i", B, B))
        i = r > 0
        s = s + 1 / r[i] @ B[i]
        n += i.sum()
    return [float(((s**2).sum() - n) / n / (n - 1))]
