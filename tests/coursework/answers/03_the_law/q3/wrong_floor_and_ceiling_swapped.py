swap = {"floor": "ceiling", "ceiling": "floor"}
kinds = {k: swap.get(v, v) for k, v in kinds.items()}
