exponents = {k: exponents[j] for k, j in zip("ABCD", "BCDA")}
