measured["overlap"] = 1 / m
