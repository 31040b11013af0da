kinds = {k: kinds[k] for k in "ABC"}
