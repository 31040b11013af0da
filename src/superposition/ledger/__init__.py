"""The claims, their rules and the experiments that decide them."""
