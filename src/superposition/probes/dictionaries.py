"""Reading a model: its feature directions, found again from hidden states h = Wᵀx alone."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from superposition import features
from superposition.running import executors, store

VERSION = 1  # of `read`, under which scores are kept: raise it whenever a score moves


def hidden_states(W: Tensor, p: Tensor, samples: int, seed: int = 0) -> Tensor:
    """About `samples` hidden states h = Wᵀx of draws x in which something is active, (k, m)."""
    drawn = int(samples / (1 - float((1 - p.double()).prod())))
    x = features.sample(p, drawn, torch.Generator().manual_seed(seed))
    return x[(x > 0).any(dim=1)] @ W


def recovery(W: Tensor, D: Tensor) -> float:
    """Mean cosine of the rows of W (n, m) with rows of D (k, m), each used once, best matching."""
    cosine = torch.nn.functional.normalize(W, dim=1) @ torch.nn.functional.normalize(D, dim=1).T
    i, j = linear_sum_assignment(cosine.numpy(), maximize=True)
    return float(cosine[i, j].mean())


def sparse_autoencoder(
    H: Tensor, size: int, sparsity: float = 0.3, steps: int = 2000, batch: int = 256, seed: int = 0
) -> Tensor:
    """Directions D (size, m) of h ≈ Dᵀ relu(Eᵀh + e) with few units on, from states H (k, m).

    Loss ||h - Dᵀz||² + sparsity Σ z, rows of D at norm 1 (as Bricken et al. 2023, in small).
    """
    generator = torch.Generator().manual_seed(seed)
    D = torch.nn.functional.normalize(torch.randn(size, H.shape[1], generator=generator), dim=1)
    E, e = D.T.clone().requires_grad_(), torch.zeros(size, requires_grad=True)
    D.requires_grad_()
    adam = torch.optim.Adam([D, E, e])
    for t in range(steps):
        adam.param_groups[0]["lr"] = 5e-3 * min(1.0, 2 - 2 * t / steps)
        h = H[torch.randint(len(H), (batch,), generator=generator)]
        z = torch.relu(h @ E + e)
        loss = (h - z @ D).square().sum(1).mean() + sparsity * z.sum(1).mean()
        adam.zero_grad()
        loss.backward()
        adam.step()
        with torch.no_grad():
            D.div_(D.norm(dim=1, keepdim=True))
    return D.detach()


def read(
    W: Tensor,
    p: Tensor,
    *,
    samples: int = 3000,
    steps: int = 1500,
    penalty: float = 1.0,
    seed: int = 0,
) -> dict[str, float]:
    """How well four dictionaries of n directions match the rows of W (n, m): their `recovery`.

    Two are learned from hidden states alone. Two learn nothing: as many hidden states, picked at
    random, and as many random directions (the mean of 10 draws). `penalty` multiplies those of the
    two that learn, `steps` are the autoencoder's.
    """
    n, m = W.shape
    generator = torch.Generator().manual_seed(seed)
    H = hidden_states(W, p, samples, seed)
    H = H / H.square().sum(1).mean().sqrt()  # one sparsity suits all scales
    from sklearn.decomposition import MiniBatchDictionaryLearning  # the only need of scikit-learn

    learner = MiniBatchDictionaryLearning(
        n,
        alpha=0.25 * penalty,
        max_iter=3,
        fit_algorithm="cd",
        positive_code=True,
        tol=0,
        max_no_improvement=None,
        transform_max_iter=200,
        random_state=seed,
    )
    learned = torch.from_numpy(learner.fit(H.double().numpy()).components_).float()
    coded = sparse_autoencoder(H, n, sparsity=0.3 * penalty, steps=steps, seed=seed)
    chance = [recovery(W, torch.randn(n, m, generator=generator)) for _ in range(10)]
    return {
        "dictionary learning": recovery(W, learned),
        "sparse autoencoder": recovery(W, coded),
        "hidden states": recovery(W, H[:n]),
        "random directions": float(np.mean(chance)),
    }


def read_all(
    models: Sequence[tuple[Tensor, Tensor, int]], **settings: Any
) -> list[dict[str, float]]:
    """`read` of many models, each given as (W, p, seed), side by side; kept (`running.store`)."""
    import sklearn
    from sklearn.exceptions import ConvergenceWarning

    version = (VERSION, sklearn.__version__)
    asked = sorted(settings.items())
    places = [store.place(version, "reading", *model, asked) for model in models]
    found = [store.find(place) for place in places]
    missing = [k for k, scores in enumerate(found) if scores is None]
    # A sum that lasso has not quite settled is as good as any in a dictionary that is still being
    # learned. Both here and in each piece of work: filters of warnings belong to a process.
    with warnings.catch_warnings(), executors.pool(len(missing), long=True) as pool:
        warnings.simplefilter("ignore", ConvergenceWarning)
        jobs = [(*models[k], settings) for k in missing]
        for k, scores in zip(missing, pool.map(_read_quietly, jobs), strict=True):
            found[k] = scores
            store.keep(places[k], scores)
    return [scores for scores in found if scores is not None]


def _read_quietly(job: tuple[Tensor, Tensor, int, dict[str, Any]]) -> dict[str, float]:
    from sklearn.exceptions import ConvergenceWarning

    W, p, seed, settings = job
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return read(W, p, seed=seed, **settings)
