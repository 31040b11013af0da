measured["shared"] = measured["cosine"] ** 2 / measured["overlap_squared"]
