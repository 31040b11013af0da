dimension = round(1 / (overlap * 499 / 500 + 1 / 500))
