measured["ratio"] = measured["overlap_squared"] * m
