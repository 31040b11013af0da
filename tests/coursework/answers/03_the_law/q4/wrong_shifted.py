exponents = {k: v + 0.08 for k, v in exponents.items()}
