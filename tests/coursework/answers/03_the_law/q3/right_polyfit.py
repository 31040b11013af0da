q = {}
for k, c in claims.items():
    x, y = (np.log(claim_widths), np.log(c["loss"]))
    b = np.polyfit(x, y, 2)[0]
    q[k] = (
        "undertrained"
        if max(c["gain"]) > 0.05
        else "floor"
        if b > 0.03
        else "ceiling"
        if b < -0.03
        else "sound"
    )
kinds = q
