slope = -slope
