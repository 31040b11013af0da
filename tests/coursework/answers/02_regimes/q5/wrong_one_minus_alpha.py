slope = 1 - alpha
