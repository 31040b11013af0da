kinds = {k: "sound" for k in "ABCD"}
