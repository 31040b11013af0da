"""Work spread over the cores: the same numbers everywhere, and threads where processes fail."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import joblib.externals.loky as loky
import psutil
import pytest
import torch

from superposition import features, toy
from superposition.running import executors
from superposition.toy import sweeps

P = features.power_law(20, 1.0)
RUNS = toy.grid(p=P, m=[2, 4], weight_decay=[-1.0, 1.0], seed=[0, 1])


@pytest.fixture
def two_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(executors, "count", lambda: 2)


@pytest.fixture
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every sweep counts as long, and so goes to processes."""
    monkeypatch.setattr(sweeps, "LONG", 0)


def sweep() -> toy.Sweep:
    return toy.sweep(RUNS, steps=20, check=False, progress=False)


def where(pieces: int, *, long: bool) -> int:
    """The process that does a piece of work."""
    with executors.pool(pieces, long=long) as pool:
        return pool.submit(os.getpid).result()


def test_long_work_goes_to_processes_and_short_work_does_not(two_cores: None) -> None:
    here = os.getpid()
    assert where(2, long=False) == where(1, long=True) == here
    assert where(2, long=True) != here


def test_one_core_means_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOKY_MAX_CPU_COUNT", "1")
    assert executors.count() == 1
    assert where(4, long=True) == os.getpid()


def test_processes_and_threads_find_the_same(
    two_cores: None, long: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    over_processes = sweep()
    monkeypatch.setattr(sweeps, "LONG", 10**9)
    for a, b in zip(over_processes, sweep(), strict=True):
        assert torch.equal(a.W, b.W) and a.loss == b.loss


def test_the_callers_threads_are_given_back() -> None:
    before = torch.get_num_threads()
    with pytest.raises(KeyError), executors.pool(4, long=False):
        assert torch.get_num_threads() <= before
        raise KeyError
    assert torch.get_num_threads() == before


def test_where_processes_cannot_be_had_threads_do_it(
    two_cores: None, long: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object, **__: object) -> None:
        raise OSError("no more processes")

    monkeypatch.setattr(loky, "get_reusable_executor", refused)
    with pytest.warns(RuntimeWarning, match="no more processes.*slower"):
        results = sweep()
    assert len(results) == len(RUNS)


def kill_at_work(worker: psutil.Process) -> None:
    """End it once it has worked for half a second of processor time."""
    before = worker.cpu_times().user
    while worker.cpu_times().user < before + 0.5:
        time.sleep(0.02)
    worker.kill()


def test_a_killed_worker_costs_its_own_runs_and_not_the_next_sweep(
    two_cores: None, long: None
) -> None:
    many = toy.grid(p=P, m=[2], weight_decay=[-1.0], seed=range(12))
    with executors.pool(2, long=True) as pool:
        worker = pool.submit(os.getpid).result()
    killer = threading.Thread(target=kill_at_work, args=(psutil.Process(worker),))
    killer.start()
    with pytest.raises(toy.SweepError, match="lost with their worker"):
        toy.sweep(many, steps=3000, check=False, progress=False)
    killer.join()
    assert len(sweep()) == len(RUNS)


SCRIPT = """
from superposition import features, toy
from superposition.running import executors
from superposition.toy import sweeps

def mine(x):
    return 2 * x

sweeps.LONG = 0
executors.count = lambda: 2
runs = toy.grid(p=features.linear(9), m=[2, 3], weight_decay=[-1.0], seed=[0, 1])
print(len(toy.sweep(runs, steps=20, check=False, progress=False)))
with executors.pool(2, long=True) as pool:
    print(pool.submit(mine, 21).result())
"""


def test_a_script_needs_no_guard_and_may_send_its_own_functions(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT, encoding="utf8")
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=1800
    )
    assert (done.stdout.split(), done.stderr) == (["4", "42"], "")
