exponents = {k: -v for k, v in exponents.items()}
