kinds = dict(zip("ABCD", ["sound", "floor", "ceiling", "undertrained"]))
