"""Language models: their output matrices, streamed from a hub or read from a file."""
