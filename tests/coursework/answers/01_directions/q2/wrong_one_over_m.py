def mean_square_between(A, B):
    return 1 / A.shape[1]
