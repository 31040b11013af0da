measured["overlap_squared"] = 1 / m
