measured["ratio"] = measured["overlap"] * m
