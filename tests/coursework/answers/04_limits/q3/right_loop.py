measured = {k: np.float32(v) for k, v in measured.items()}
