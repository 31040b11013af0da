"""Do the hidden tests tell right answers from wrong ones?"""

from __future__ import annotations

import contextlib
import io
import resource
import signal
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import build
import pytest
from otter.nbmeta_config import NBMetadataConfig
from otter.test_files import create_test_file

ANSWERS = Path(__file__).parent / "answers"
QUESTIONS = [
    (name, folder.name) for name in build.NAMES for folder in sorted((ANSWERS / name).iterdir())
]
TRAIN_MODELS = {("02_regimes", "q6")}  # every answer to these trains some
EACH_QUESTION = pytest.mark.parametrize(
    ("name", "question"),
    [
        pytest.param(
            *asked,
            id="-".join(asked),
            marks=pytest.mark.long if asked in TRAIN_MODELS else (),
        )
        for asked in QUESTIONS
    ],
)


def answers(name: str, question: str, kind: str) -> dict[str, str]:
    """{file, or file and slip: Python text} of the "right" or the "wrong" answers to a question.

    A slip is a right answer in which one piece of text is replaced: a pair in slips.toml, under
    the name of the file it is to be made in.
    """
    folder = ANSWERS / name / question
    found = {path.stem: path.read_text("utf8") for path in sorted(folder.glob(f"{kind}_*.py"))}
    if kind == "wrong" and (slips := folder / "slips.toml").exists():
        for stem, pairs in tomllib.loads(slips.read_text("utf8")).items():
            right = (folder / f"{stem}.py").read_text("utf8")
            for old, new in pairs:
                assert old in right, f"{slips}: {stem}.py does not say {old!r}"
                found[f"{stem}, {new!r} for {old!r}"] = right.replace(old, new)
    return found


@contextlib.contextmanager
def little_memory(gigabytes: int = 6) -> Iterator[None]:
    """A wrong answer that builds a table of all pairs must fail here as it does when graded."""
    before = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (gigabytes * 2**30, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, before)


class TooLong(BaseException):
    """As in grading: no `except Exception` of a test may catch it."""


@contextlib.contextmanager
def little_time(seconds: float) -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise TooLong

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def score(
    made: Path, space: dict, name: str, question: str, answer: str, seconds: float = 600
) -> bool:
    """Does `answer`, run over the solved notebook's names, get full marks in that time?"""
    # Answers kept in dictionaries are copied, or one wrong answer would spoil all after it.
    names = {k: dict(v) if type(v) is dict and k != "__builtins__" else v for k, v in space.items()}
    path = made / "grader" / name / "tests" / f"{question}.py"
    test = create_test_file(str(path), NBMetadataConfig())
    try:
        with contextlib.redirect_stdout(io.StringIO()), little_memory(), little_time(seconds):
            exec(answer, names)
            test.run(names)
    except TooLong:
        return False
    return test.score == test.possible


@pytest.mark.filterwarnings("ignore")
@EACH_QUESTION
def test_right_answers_pass(made: Path, solved: dict, name: str, question: str) -> None:
    tried = {"the solution itself": "", **answers(name, question, "right")}
    refused = [
        k for k, text in tried.items() if not score(made, solved[name], name, question, text)
    ]
    assert not refused, f"right, and refused: {refused}"


@pytest.mark.filterwarnings("ignore")
@EACH_QUESTION
def test_wrong_answers_fail(made: Path, solved: dict, name: str, question: str) -> None:
    # None is let through: an answer that passes is either right after all, and then belongs
    # with those, or shows a test that is blind.
    tried = answers(name, question, "wrong")
    started = time.perf_counter()
    assert score(made, solved[name], name, question, "")
    # Some wrong answers never end. Grading gives them 30 s; ten times the solution's will do.
    limit = 1 + 10 * (time.perf_counter() - started)
    assert len(set(tried.values())) == len(tried) >= 6
    passed = [
        k for k, text in tried.items() if score(made, solved[name], name, question, text, limit)
    ]
    assert not passed, f"{len(passed)} of {len(tried)} wrong answers pass: {passed}"


def test_every_automatic_question_is_tried(made: Path) -> None:
    import json

    for name in build.NAMES:
        info = json.loads((made / "grader" / name / "assignment.json").read_text())
        automatic = {q["name"] for q in info["questions"] if not q["manual"]}
        assert automatic == {question for of, question in QUESTIONS if of == name}
        assert 5 <= len(info["questions"]) <= 8
        assert len(automatic) >= len(info["questions"]) / 2
        assert all(q["rubric"] for q in info["questions"] if q["manual"])


def test_every_set_of_claims_can_be_solved(made: Path, solved: dict) -> None:
    """Assignment 3 hands out eight sets of data: the solution must be right on each of them, and
    the naive line through all points must be wrong on three claims in each. Sorting by how far the
    losses fall, which asks for no look at their shapes, must be wrong on each."""
    import zlib

    import claims_data
    import numpy as np

    shown, truth = claims_data.tables()
    source = (build.ASSIGNMENTS / "03_the_law.md").read_text()
    assert shown in source and source.count(truth) == 2, (
        "run coursework/assignments/claims_data.py again"
    )
    cells = [c.source for c in build.read_source(build.ASSIGNMENTS / "03_the_law.md").cells]
    solutions = [c for c in cells if c.startswith(("kinds = ...", "exponents = ..."))]
    ids = {zlib.crc32(f"s{k}".encode()) % claims_data.SETS: f"s{k}" for k in range(200)}
    assert len(ids) == claims_data.SETS
    for which, student in ids.items():
        space = dict(solved["03_the_law"])
        space |= {"student_id": student, "claims": space["CLAIMS"][which]}
        for text in solutions:
            exec(text, space)
        for question in ("q3", "q4"):
            assert score(made, space, "03_the_law", question, ""), (student, question)
        by_fall = answers("03_the_law", "q3", "wrong")["wrong_sorted_by_the_fall"]
        assert not score(made, space, "03_the_law", "q3", by_fall), student
        off = [
            abs(np.polyfit(np.log(claims_data.WIDTHS), np.log(c["loss"]), 1)[0] + known[1])
            for c, known in zip(
                space["claims"].values(), claims_data.claims()[1][which].values(), strict=True
            )
        ]
        assert sum(distance > 0.06 for distance in off) == 3
