"""Runs one submission and answers questions about what it defined. Runs inside the sandbox.

This process holds the student's code and nothing else: no test, no expected value, no other
submission. The judge, in a process of its own, asks for values and calls functions over a pipe
(wire.py). Whatever the code does here, all it can influence is its own answers.
"""

from __future__ import annotations

import builtins
import os
import random
import sys
import types
from typing import Any


def main() -> None:
    import syscalls

    syscalls.forbid()
    requests, answers = os.dup(0), os.dup(1)
    null = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(null, fd)  # what the notebook prints or reads goes nowhere
    import wire

    sys.modules["otter"] = _otter_that_does_nothing()
    shell = _shell()
    while True:
        try:
            message = wire.receive(requests)
        except wire.WireError:
            return
        try:
            answer = _answer(shell, message, wire)
        except MemoryError:
            answer = {"error": "MemoryError"}
        except BaseException as error:  # SystemExit too: the student's code may raise anything
            answer = {"error": _safe_name(error)}
        wire.send(answers, answer)


def _answer(shell: Any, message: dict[str, Any], wire: Any) -> dict[str, Any]:
    names = shell.user_ns
    if message["op"] == "run":
        return {"errors": _run(shell, message["cells"])}
    name = message["name"]
    if name not in names:
        return {"missing": True}
    if message["op"] == "get":
        if callable(names[name]):
            return {"callable": True}
        return {"value": wire.encode(names[name])}
    args = [wire.decode(value) for value in message["args"]]
    kwargs = {key: wire.decode(value) for key, value in message["kwargs"].items()}
    _seed()
    return {"value": wire.encode(names[name](*args, **kwargs))}


def _run(shell: Any, cells: list[str]) -> list[dict[str, Any]]:
    """Run the cells in order, going on after an error as a notebook's 'run all' would not."""
    errors = []
    for number, source in enumerate(cells, 1):
        _seed()
        try:
            result = shell.run_cell(source, store_history=False, silent=False)
            error = result.error_before_exec or result.error_in_exec
        except BaseException as caught:
            error = caught
        if error is not None:
            errors.append({"cell": number, "error": f"{type(error).__name__}: {error}"[:300]})
    return errors


def _seed() -> None:
    """The same random numbers in every run, for those who forgot to seed (torch as well)."""
    random.seed(0)
    if "numpy" in sys.modules:
        sys.modules["numpy"].random.seed(0)
    if "torch" in sys.modules:
        sys.modules["torch"].manual_seed(0)


def _shell() -> Any:
    import matplotlib

    matplotlib.use("agg")
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    shell.user_ns["__name__"] = "__main__"
    shell.enable_gui = lambda *args, **kwargs: None
    # Shell escapes and installs belong to the student's machine, not to grading.
    shell.system = shell.getoutput = lambda *args, **kwargs: None
    for magic in ("pip", "conda", "mamba", "uv", "system", "sx"):
        shell.register_magic_function(lambda line="", cell=None: None, "line", magic)
    return shell


def _otter_that_does_nothing() -> types.ModuleType:
    """`import otter` and `grader.check(...)` keep working; there is nothing to patch behind it."""
    module = types.ModuleType("otter")

    class Notebook:
        def __init__(self, *args: Any, **kwargs: Any) -> None: ...

        def __getattr__(self, name: str) -> Any:
            return lambda *args, **kwargs: None

    module.Notebook = Notebook  # type: ignore[attr-defined]
    return module


def _safe_name(error: BaseException) -> str:
    """The error's built-in type: a message or a name of the student's could carry a test's input
    out of here and into the feedback."""
    for kind in type(error).__mro__:
        if getattr(builtins, kind.__name__, None) is kind:
            return kind.__name__
    return "Exception"


if __name__ == "__main__":
    main()
