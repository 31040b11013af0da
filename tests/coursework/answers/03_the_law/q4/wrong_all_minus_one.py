exponents = {k: -1.0 for k in "ABCD"}
