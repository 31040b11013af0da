exponents = {k: torch.tensor(v) for k, v in exponents.items()}
