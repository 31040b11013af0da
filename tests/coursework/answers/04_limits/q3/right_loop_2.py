X = np.concatenate([np.asarray(B) for B in my_blocks()]).astype(float)
X /= np.linalg.norm(X, axis=1, keepdims=True)
C = X @ X.T
n, m = X.shape
o, c = ((C**2).sum() - n) / (n * n - n), (C.sum() - n) / (n * n - n)
w = (n - m) / m / (n - 1)
measured = dict(overlap_squared=o, cosine=c, ratio=o / w, shared=c * c / (o - w), extra=1)
