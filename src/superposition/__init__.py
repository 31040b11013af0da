"""The shared module of the book: toy models of superposition, and how to measure them.

At the top, what most chapters import:

features    how often each feature is active; samples of sparse data
geometry    how n arrows share m dimensions; the bounds they stand against
theory      closed forms, each with its source and where it holds
mean_field  the strong regime's loss, with nothing fitted
power_law   power laws fitted to measurements, with intervals
published   the paper's numbers and others', each with its source
plots       one look for figures and tables

Below, the rooms:

toy      the toy model (toy.model: the definition), trained one by one or in sweeps
running  worker processes, kept results, records of long runs; knows no model
probes   what can be read off a trained model: wrong answers, recovered directions
llm      language models: output matrices from the hub, a small trained model
ledger   the claims, the rules that judge them, the experiments behind them
widgets  what moves on a page, in Python and JavaScript

`from superposition import toy; toy.train(p, m=8, weight_decay=-1)` trains a model. Which room may
import which stands in pyproject.toml; ARCHITECTURE.md says where to go to change something.
"""
