measured["shared"] = 1 - measured["shared"]
