"""The ledger's experiments, by subject."""
