kinds = list(kinds.values())
