measured["shared"] = measured["cosine"] / measured["overlap"]
