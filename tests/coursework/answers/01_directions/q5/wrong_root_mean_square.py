overlap = overlap**0.5
