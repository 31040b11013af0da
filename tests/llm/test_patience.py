"""The hub's promise, an answer or a clear error within five seconds, by a clock that tests move."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from superposition.llm import hub


class Clock:
    """Stands in for the module `time`: it moves only when somebody waits."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Busy(hub.errors.HfHubHTTPError):
    """The hub's client on an answer of 503."""

    def __init__(self) -> None:
        Exception.__init__(self, "503")
        self.response = type("Response", (), {"status_code": 503, "headers": {}})()


@pytest.fixture
def answers(
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[[Iterable[tuple[float, Exception]]], Clock]:
    """Make requests take the seconds given, in turn, and then fail; one that outlasts what it was
    given ends there, as in `hub.within`.
    """
    clock = Clock()
    monkeypatch.setattr(hub, "time", clock)

    def set_to(costs: Iterable[tuple[float, Exception]]) -> Clock:
        turns = iter(costs)

        def within(seconds: float, *_: Any, **__: Any) -> Any:
            cost, error = next(turns)
            clock.now += min(cost, max(seconds, 0.1))
            raise hub.HubUnreachable("no answer") if cost > seconds else error

        monkeypatch.setattr(hub, "within", within)
        return clock

    return set_to


SILENCE = float("inf")
COSTS = {
    "silence": [],
    "quick refusals": [0.0] * 1000,
    "slow refusals": [1.9] * 1000,
    "refusals, then silence": [1.9, 1.5],
    "one refusal at the last moment, then silence": [3.4],
}


@pytest.mark.parametrize("case", COSTS)
@pytest.mark.parametrize("asked", ["metadata", "bytes"])
def test_whatever_the_hub_does_an_error_comes_within_five_seconds(
    asked: str, case: str, answers: Callable[..., Clock]
) -> None:
    refusal = Busy() if asked == "metadata" else hub._Again("503")
    clock = answers(
        itertools.chain(
            [(cost, refusal) for cost in COSTS[case]], itertools.repeat((SILENCE, refusal))
        )
    )
    source = hub.Hub.__new__(hub.Hub)  # no request yet
    source.name, source.revision, source.endpoint, source.token = "org/m", "main", "http://h", None
    with pytest.raises(hub.HubUnreachable):
        if asked == "metadata":
            source._metadata("config.json")
        else:
            list(source.stream("model.safetensors", 0, 10))
    assert clock.now < 5
    assert clock.now > 0.5, "it did not try again"


def test_no_request_is_given_more_than_the_promise() -> None:
    assert hub.PATIENCE < 5
