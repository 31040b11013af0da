measured["overlap"] = 0.0087
