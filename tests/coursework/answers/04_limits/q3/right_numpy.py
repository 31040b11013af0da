overlap, cosine = (measured["overlap_squared"], measured["cosine"])
m = next(my_blocks()).shape[1]
measured["ratio"] = overlap * m * 5999 / (6000 - m)
measured["shared"] = 1 - (overlap - (6000 / m - 1) / 5999 - cosine**2) / (
    overlap - (6000 / m - 1) / 5999
)
