slope = np.float32(slope)
