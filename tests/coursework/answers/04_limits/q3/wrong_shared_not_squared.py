measured["shared"] = measured["cosine"] / measured["overlap_squared"]
