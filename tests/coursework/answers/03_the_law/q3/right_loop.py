kinds = {k: np.str_(kinds[k]) for k in "DCBA"}
