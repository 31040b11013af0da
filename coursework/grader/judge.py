"""Grades one submission: its code in a sandboxed process, the hidden tests in this one.

The tests are otter's (exception format) and run unchanged. Where otter would hand them the
notebook's own variables, they get a `Submission`: reading a name or calling a function of it
asks the sandboxed process over a pipe. So the code under test never shares a process, a file
or a namespace with the tests that judge it.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import limits
import sandbox
import wire
from otter.nbmeta_config import NBMetadataConfig
from otter.test_files import create_test_file
from reports import NO_ID
from submissions import MAX_NOTEBOOK_MB


@dataclass
class Question:
    name: str
    points: float
    score: float
    public: tuple[int, int]  # passed, of
    hidden: tuple[int, int]
    notes: list[str] = field(default_factory=list)  # what the student may be told


@dataclass
class Grade:
    submission: str
    status: str  # 'graded', or why there is nothing to grade
    questions: list[Question] = field(default_factory=list)
    cell_errors: list[dict[str, Any]] = field(default_factory=list)
    student_id: str = ""
    note: str = ""  # what was done differently from a plain run of the notebook
    seconds: float = 0.0
    peak_mb: float = 0.0

    @property
    def score(self) -> float:
        return sum(q.score for q in self.questions)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Gone(BaseException):
    """The submission's process hung, died or was ended. Not an Exception: a test's own
    `except Exception` must not turn it into a pass or go on asking."""


class StudentError(Exception):
    """The student's function raised; only the built-in type is known, on purpose."""


class Submission:
    """The names a submission defined, as a read-only mapping; functions are callable from here."""

    def __init__(self, process: sandbox.Process, student_id: Any = None) -> None:
        self._process = process
        self.student_id = student_id  # what `pin_student_id` read, once and for all
        self.deadline = time.monotonic()

    def ask(self, **message: Any) -> Any:
        try:
            wire.send(self._process.write_fd, message, self.deadline)
            return wire.receive(self._process.read_fd, self.deadline)
        except TimeoutError:
            raise Gone("took too long") from None
        except (wire.WireError, OSError):
            time.sleep(0.15)  # the watch may be about to say why
            raise Gone(self._process.why or "ended its own process") from None

    def pin_student_id(self) -> None:
        """From here on the tests see the id that stands in grades.csv: code under test may run
        later, and could turn into another student just while that one's numbers are asked for."""
        try:
            self.student_id = self.get("student_id", "")
        except (StudentError, Gone):
            self.student_id = ""
        if not str(self.student_id).strip():
            self.student_id = NO_ID

    def get(self, name: str, default: Any = None) -> Any:
        if name == "student_id" and self.student_id is not None:
            return self.student_id
        answer = self._answer(self.ask(op="get", name=name))
        if answer.get("missing"):
            return default
        if answer.get("callable"):
            return lambda *args, **kwargs: self._call(name, args, kwargs)
        return self._value(answer)

    def __getitem__(self, name: str) -> Any:
        missing = object()
        value = self.get(name, missing)
        if value is missing:
            raise KeyError(name)
        return value

    def __contains__(self, name: str) -> bool:
        return not self._answer(self.ask(op="get", name=name)).get("missing")

    def _call(self, name: str, args: Any, kwargs: dict[str, Any]) -> Any:
        sent = [wire.encode(value) for value in args]
        named = {key: wire.encode(value) for key, value in kwargs.items()}
        answer = self._answer(self.ask(op="call", name=name, args=sent, kwargs=named))
        return self._value(answer)

    @staticmethod
    def _answer(answer: Any) -> dict[str, Any]:
        if not isinstance(answer, dict):
            raise StudentError("no answer")
        if "error" in answer:
            raise StudentError(str(answer["error"])[:40])
        return answer

    @staticmethod
    def _value(answer: dict[str, Any]) -> Any:
        try:
            return wire.decode(answer.get("value"))
        except wire.WireError as error:
            raise StudentError(f"an answer that cannot be read: {error}") from error


def read_cells(path: Path) -> list[str]:
    """The code cells of a notebook file, in order; ValueError saying what is wrong with it."""
    if path.stat().st_size > MAX_NOTEBOOK_MB * sandbox.MB:
        raise ValueError(f"the file is larger than {MAX_NOTEBOOK_MB} MB")
    try:
        notebook = json.loads(path.read_text(encoding="utf8"))
        cells = notebook["cells"]
        sources = [c["source"] for c in cells if c["cell_type"] == "code"]
        text = ["".join(s) for s in sources]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ValueError("the file is not a notebook") from error
    if not any(source.strip() for source in text):
        raise ValueError("the notebook holds no code")
    return text


def _up_to_last_check(cells: list[str]) -> list[str]:
    checks = [k for k, source in enumerate(cells) if "grader.check(" in source]
    return cells[: checks[-1] + 1] if checks else cells


def grade(
    path: Path,
    grader: Path,
    *,
    kind: str = "",
    time_limit: float = limits.SECONDS,
    question_limit: float = limits.QUESTION_SECONDS,
    memory_mb: int = limits.MEMORY_MB,
    core: int | None = None,
) -> Grade:
    """Grade the notebook at `path` with the tests of `grader` (a folder made by build.py).

    time_limit: seconds for everything; question_limit: for one question's tests. A question that
    hangs or kills the process costs that question, and the process is started afresh.
    """
    started = time.monotonic()
    result = Grade(path.stem, "graded")
    info = json.loads((grader / "assignment.json").read_text())
    automatic = [q for q in info["questions"] if not q["manual"]]

    def zero(reason: str) -> Grade:
        result.status = reason
        done = {q.name for q in result.questions}
        for q in automatic:
            if q["name"] not in done:
                result.questions.append(
                    Question(q["name"], q["points"], 0, (0, q["public"]), (0, q["hidden"]))
                )
        result.seconds = time.monotonic() - started
        return result

    try:
        cells = read_cells(path)
    except (ValueError, OSError) as error:
        return zero(str(error))

    others = set(re.findall(r'"public_checks"\) / "(\w+)"', "\n".join(cells))) - {info["name"]}
    if others:
        result.note = f"the notebook of {', '.join(sorted(others))[:60]}, not of {info['name']}"
    final = started + time_limit
    student_id: Any = None
    submission: Submission | None = None
    process: sandbox.Process | None = None
    try:
        for question in automatic:
            if submission is None:
                process = sandbox.Process(kind or sandbox.best(), memory_mb, core=core)
                submission = Submission(process, student_id)
                # Half the time for the whole notebook. Own experiments for written questions come
                # last and may be long: if they are too long, once more without them.
                submission.deadline = min(final, time.monotonic() + time_limit / 2)
                try:
                    result.cell_errors = _errors(submission.ask(op="run", cells=cells))
                except Gone as gone:
                    needed = _up_to_last_check(cells)
                    if len(needed) == len(cells):
                        return zero(f"running the notebook from top to bottom: it {gone}")
                    cells = needed
                    result.note += "; " if result.note else ""
                    result.note += f"graded without the cells after the last check: there it {gone}"
                    result.peak_mb = max(result.peak_mb, process.peak_mb)
                    process.kill()
                    process = sandbox.Process(kind or sandbox.best(), memory_mb, core=core)
                    submission = Submission(process, student_id)
                    submission.deadline = final
                    try:
                        result.cell_errors = _errors(submission.ask(op="run", cells=cells))
                    except Gone as again:
                        return zero(f"running the notebook from top to bottom: it {again}")
                if student_id is None:
                    submission.pin_student_id()
                    student_id = submission.student_id
                    # A student's numbers are made from its text, of whatever type it is.
                    result.student_id = str(student_id)[:80]
            now = time.monotonic()
            if now >= final:
                return zero(f"took longer than {time_limit:.0f} s")
            submission.deadline = min(final, now + question_limit)
            test = create_test_file(str(grader / "tests" / f"{question['name']}.py"), _NO_CONFIG)
            note = ""
            try:
                test.run(submission)  # type: ignore[arg-type]
            except Gone as gone:
                note = f"the code {gone} while this question was checked"
            except Exception as error:  # a test must not be broken by an answer; if so, no points
                note = f"the check could not be completed ({type(error).__name__})"
            result.questions.append(_question(question, test, note))
            if note and process is not None:
                result.peak_mb = max(result.peak_mb, process.peak_mb)
                process.kill()
                submission = process = None
    finally:
        if process is not None:
            result.peak_mb = max(result.peak_mb, process.peak_mb)
            process.kill()
    result.seconds = time.monotonic() - started
    return result


def _question(question: dict[str, Any], test: Any, note: str) -> Question:
    """Points and what may be said of them. Of a hidden test only its outcome, never its text."""
    counts, notes = {}, [note] if note else []
    outcomes = test.test_case_results if not note else []
    for hidden in (False, True):
        passed = sum(o.passed for o in outcomes if o.test_case.hidden is hidden)
        counts[hidden] = (passed, question["hidden" if hidden else "public"])
    for outcome in outcomes:
        hint = outcome.test_case.failure_message
        if not outcome.passed and hint and hint not in notes:
            notes.append(hint)
    complete = not note and len(outcomes) == len(test.test_cases)
    score = round(float(test.score), 4) if complete else 0.0
    return Question(question["name"], question["points"], score, counts[False], counts[True], notes)


def _errors(answer: Any) -> list[dict[str, Any]]:
    errors = answer.get("errors", []) if isinstance(answer, dict) else []
    try:
        return [{"cell": int(e["cell"]), "error": str(e["error"])[:300]} for e in errors[:20]]
    except (TypeError, KeyError, ValueError):
        return []


_NO_CONFIG = NBMetadataConfig()
