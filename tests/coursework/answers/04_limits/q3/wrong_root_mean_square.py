measured["overlap_squared"] = measured["overlap_squared"] ** 0.5
