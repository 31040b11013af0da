overlap_squared = overlap_squared**0.5
