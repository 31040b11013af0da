kinds = {k: "undertrained" if max(c["gain"]) > 0.05 else "sound" for k, c in claims.items()}
