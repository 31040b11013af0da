C = cosines(W) - np.eye(500)
pair = (
    np.unravel_index(C.argmin(), C.shape)
    if abs(C.min()) < C.max()
    else np.unravel_index(C.argmax(), C.shape)
)
C = cosines(W)
pair = tuple(np.unravel_index(np.triu(C, 1).argmax(), C.shape))
pair = pair if C[pair] < 0.5 else (0, 1)
