kinds = {k: str(kinds[k]) for k in ("B", "A", "D", "C")}
