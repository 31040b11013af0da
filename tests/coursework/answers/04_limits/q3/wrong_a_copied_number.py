measured["overlap_squared"] = 0.0087
