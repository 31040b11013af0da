swap = {"sound": "undertrained", "undertrained": "sound"}
kinds = {k: swap.get(v, v) for k, v in kinds.items()}
