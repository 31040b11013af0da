exponents = {k: round(float(v), 2) for k, v in exponents.items()}
