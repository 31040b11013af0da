from scipy.optimize import curve_fit


def with_floor(log_m, log_a, a, log_floor):
    return np.logaddexp(log_a - a * log_m, log_floor)


u = np.log(claim_widths)
for k, q in kinds.items():
    v = np.log(claims[k]["loss"])
    if q == "floor":
        start = [v[0] + u[0], 1.0, v[-1] - 0.5]
        exponents[k] = -curve_fit(with_floor, u, v, start)[0][1]
