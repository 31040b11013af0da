measured = {k: torch.tensor(v) for k, v in measured.items()}
