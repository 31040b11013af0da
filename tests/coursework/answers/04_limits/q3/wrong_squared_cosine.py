measured["cosine"] = measured["cosine"] ** 2
