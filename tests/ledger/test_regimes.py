"""The rule on what decides the regime can say each of its words, and refuses what is missing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from superposition.ledger.experiments import regimes

RNG = np.random.default_rng(5)
DECAYS, STARTS, SEEDS = 7, 3, 3
GAMMA = np.linspace(0, 1, DECAYS)[:, None, None]
START = np.array([0.0, 0.6, 1.0])[None, :, None]


def values(signal: np.ndarray, noise: float = 0.02) -> np.ndarray:
    return signal + noise * RNG.standard_normal((DECAYS, STARTS, SEEDS))


@pytest.mark.parametrize("outcome", ["kept", "log_loss"])
@pytest.mark.parametrize(
    ("signal", "noise", "word"),
    [
        (1 - GAMMA + 0 * START, 0.02, regimes.DECAY),
        (0 * GAMMA + START, 0.02, regimes.START),
        (1 - GAMMA + START, 0.02, regimes.BOTH),
        (GAMMA * START, 0.02, regimes.BOTH),  # the start counts only under decay
        ((GAMMA - 0.5) * (START - 0.5), 0.02, regimes.BOTH),  # interaction alone
        (0.01 * GAMMA + 0 * START, 0.001, regimes.NEITHER),  # too small to matter
        (0.2 * GAMMA + 0 * START, 1.0, regimes.NEITHER),  # the seeds decide
    ],
)
def test_the_rule_can_say_every_word(
    outcome: str, signal: np.ndarray, noise: float, word: str
) -> None:
    assert regimes.verdict(regimes.shares(values(signal, noise)), outcome) == word


def test_shares_sum_to_one_and_find_what_was_put_in() -> None:
    found = regimes.shares(values(2 * (GAMMA - 0.5) + (START - START.mean()), noise=0.0))
    assert found.decay + found.start + found.interaction + found.seeds == pytest.approx(1)
    assert found.interaction == pytest.approx(0, abs=1e-12)
    assert found.decay / found.start == pytest.approx(4 * GAMMA.var() / START.var())


def test_scatter_of_seeds_counts_for_neither_factor() -> None:
    noisy = regimes.shares(values(2 * GAMMA + 0 * START, noise=0.5))
    assert regimes.verdict(noisy, "kept") == regimes.DECAY
    assert noisy.seeds > 0.2


def runs() -> list[dict[str, object]]:
    return [
        {"weight_decay": g, "start": s, "seed": k, "kept": g + k}
        for g, s, k in itertools.product([-1.0, 1.0], ["0", "normal"], [0, 1])
    ]


def test_a_table_finds_each_run_whatever_their_order() -> None:
    found = regimes.balanced(runs()[::-1], "kept", [-1.0, 1.0], ["normal", "0"], [0, 1])
    assert found.tolist() == [[[-1, 0], [-1, 0]], [[1, 2], [1, 2]]]


def test_a_missing_double_or_broken_run_is_named() -> None:
    def ask(some: list[dict[str, object]]) -> None:
        regimes.balanced(some, "kept", [-1.0, 1.0], ["normal", "0"], [0, 1])

    with pytest.raises(ValueError, match=r"1 of 8 runs .* missing, first \(1.0, 'normal', 1\)"):
        ask(runs()[:-1])
    with pytest.raises(ValueError, match="two runs"):
        ask([*runs(), runs()[0]])
    with pytest.raises(ValueError, match="not a number"):
        ask([*runs()[:-1], runs()[-1] | {"kept": float("nan")}])
    with pytest.raises(ValueError, match="two decays"):
        regimes.shares(np.zeros((1, 3, 3)))
