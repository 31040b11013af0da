exponents = {k: fit_exponent(claim_widths, np.array(c["loss"]))[0] for k, c in claims.items()}
