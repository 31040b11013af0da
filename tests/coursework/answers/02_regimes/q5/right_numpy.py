slope = [float(slope)]
