dimension = round(1 / (overlap_squared * 499 / 500 + 1 / 500))
