b = (30522 - m) / (m * 30521)
measured["ratio"] = measured["overlap_squared"] / b
