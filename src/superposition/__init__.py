"""The shared module of the book: toy models of superposition and how to measure them."""
