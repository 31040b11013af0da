from scipy.spatial.distance import cdist


def cosines(W):
    z = np.linalg.norm(W, axis=1) > 0
    C = 1 - cdist(np.where(z[:, None], W, 1), np.where(z[:, None], W, 1), "cosine")
    C[~z] = 0
    C[:, ~z] = 0
    return C
