measured["overlap"] = measured["overlap"] ** 0.5
