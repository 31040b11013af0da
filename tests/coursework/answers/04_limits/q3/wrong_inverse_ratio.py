measured["ratio"] = 1 / measured["ratio"]
