kinds = dict(sorted(kinds.items()))
