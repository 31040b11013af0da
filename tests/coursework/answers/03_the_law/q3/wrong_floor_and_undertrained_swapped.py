swap = {"floor": "undertrained", "undertrained": "floor"}
kinds = {k: swap.get(v, v) for k, v in kinds.items()}
