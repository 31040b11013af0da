slope = -1.0
