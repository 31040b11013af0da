"""The ledger: what the press said, what the paper says, what is measured here, and a verdict.

Words and recorded verdicts are data in `claims.toml`, rules are functions in `rules`, and
measurements come from `experiments`. `python -m superposition.claims` prints the table and fails
if a verdict has moved.
"""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module, resources
from typing import Any

from superposition.ledger import rules
from superposition.ledger.context import Lab, Measurement, NotRun
from superposition.ledger.rules import Verdict


@dataclass(frozen=True, kw_only=True)
class Claim:
    """One line of the story and how it is judged; the fields are those of `claims.toml`."""

    id: str
    press: str
    paper: str
    chapter: str
    recorded: Verdict
    rule: Callable[[Any], Verdict] | None = None
    experiment: Callable[[Lab], Measurement | NotRun] | None = None
    limits: str = ""
    changed: str = ""
    by_hand: str = ""

    @property
    def judged(self) -> str:
        """How the verdict comes about, in words."""
        if self.rule is None:
            return f"Set by hand, by no rule. {self.by_hand}"
        return f"{inspect.getdoc(self.rule)} {self.changed}".replace("\n", " ").strip()

    def decide(self, found: Measurement | NotRun | None) -> Verdict:
        """The rule's verdict on what was found; the recorded one where no rule decides."""
        if self.rule is None:
            return self.recorded
        return Verdict.OPEN if isinstance(found, NotRun) else self.rule(found)


@dataclass(frozen=True, kw_only=True)
class Judged:
    """A claim, what its experiment found (None: it has none), and the verdict on that."""

    claim: Claim
    found: Measurement | NotRun | None
    verdict: Verdict

    @property
    def measured(self) -> str:
        """What was found, in words."""
        if self.found is not None:
            return self.found.text
        if self.verdict == Verdict.OPEN:
            return "no experiment of ours can decide"
        return "settled by what the word means in the model, not by a measurement"


def _experiment(name: str) -> Callable[[Lab], Measurement | NotRun]:
    """The experiment that `claims.toml` names as file.function."""
    file, function = name.split(".")
    return getattr(import_module(f"superposition.ledger.experiments.{file}"), function)


def _claim(row: dict[str, str]) -> Claim:
    """A row of `claims.toml`, with the functions that it names."""
    fields: dict[str, Any] = row | {"recorded": Verdict(row["recorded"])}
    if "rule" in row:
        fields["rule"] = getattr(rules, row["rule"])
    if "experiment" in row:
        fields["experiment"] = _experiment(row["experiment"])
    return Claim(**fields)


def load() -> tuple[Claim, ...]:
    """All claims, in the order of `claims.toml`."""
    text = resources.files("superposition.ledger").joinpath("claims.toml").read_text("utf8")
    return tuple(_claim(row) for row in tomllib.loads(text)["claim"])


CLAIMS = load()


def judge(lab: Lab | None = None) -> list[Judged]:
    """Run every experiment on one lab and apply the rules, in the ledger's order."""
    lab = lab or Lab()
    ledger = []
    for claim in CLAIMS:
        found = claim.experiment(lab) if claim.experiment else None
        ledger.append(Judged(claim=claim, found=found, verdict=claim.decide(found)))
    return ledger


def main() -> int:
    """Print the ledger; 1 if a verdict differs from the recorded one."""
    moved = []
    for judged in judge(Lab(progress=True)):
        claim, verdict = judged.claim, judged.verdict
        print(f"{claim.id}  {verdict:20} {claim.press}\n{'':26}{judged.measured}")
        if verdict != claim.recorded and not isinstance(judged.found, NotRun):
            moved.append(f"{claim.id}: {claim.recorded} -> {verdict}")
    print("moved: " + "; ".join(moved) if moved else "every verdict is as recorded")
    return 1 if moved else 0
