slope = alpha - 1
