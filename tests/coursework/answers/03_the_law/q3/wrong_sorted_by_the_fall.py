r = sorted(claims, key=lambda k: claims[k]["loss"][-1] / claims[k]["loss"][0])
kinds = dict(zip(r, ["ceiling", "sound", "undertrained", "floor"]))
