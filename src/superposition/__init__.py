"""Toy models of superposition, real language models, and how to measure both.

What every chapter imports:

features    how often each feature is active, and samples of such data
geometry    lengths and overlaps of rows, and the bounds on them
theory      losses and overlaps in closed form; mean_field, the bias and gain that minimise them
power_law   exponents with their intervals
published   the published numbers, each with its source
plots       the book's figures and tables

Rooms, each with a map in its own first lines:

toy         the toy model: toy/model.py is read first; toy.train and toy.sweep
running     where work runs, what is kept, committed records, campaigns
probes      what can be read out of a model
llm         output matrices of language models, streamed
ledger      the claims, their rules and experiments
widgets     things to move on a page
"""
