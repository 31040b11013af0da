def room(m, t):
    return int(np.exp(m * t * t / 4))
