from superposition.geometry import mean_squared_overlap


def stream_overlap_squared(blocks):
    return mean_squared_overlap(torch.cat([torch.as_tensor(np.asarray(b)) for b in blocks]))
