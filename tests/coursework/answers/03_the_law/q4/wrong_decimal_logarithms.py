exponents = {k: v / np.log(10) for k, v in exponents.items()}
