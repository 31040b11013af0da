student_id = 12345
W = personal_table(student_id)
C = np.abs(cosines(W) - np.eye(500))
pair = np.argwhere(C == C.max())[0]
overlap_squared = (C**2).sum() / 500 / 499
dimension = len(np.flatnonzero(np.linalg.eigvalsh(W.T @ W) > 1e-08))
