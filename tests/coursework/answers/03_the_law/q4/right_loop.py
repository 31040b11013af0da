exponents = {k: float(np.float32(v)) for k, v in exponents.items()}
