def law_from_three(y1, y2, y3):
    y1, y2, y3 = torch.tensor([y1, y2, y3])
    q = (y2 - y3) / (y1 - y2)
    return -torch.log2(q), y3 - (y2 - y3) * q / (1 - q)
