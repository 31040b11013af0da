"""Grades a folder of submissions and writes grades.csv and a feedback file per student.

    python coursework/grade.py ASSIGNMENT SUBMISSIONS [--out FOLDER] [--jobs N] [--fresh]

SUBMISSIONS holds one entry a student: NAME.ipynb, NAME.zip with one notebook in it, or a folder
NAME with one notebook in it. Finished submissions are kept, so a run that was stopped goes on
where it was; a changed submission, assignment or limit is graded again.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import hashlib
import importlib
import json
import multiprocessing
import os
import re
import shutil
import signal
import sys
import tempfile
import time
import zipfile
from collections import Counter
from dataclasses import dataclass
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BUILT = HERE.parent / "build" / "coursework"
GRACE = 20  # seconds past its limit after which a judge itself is ended


@dataclass
class Entry:
    name: str
    notebook: Path | None  # a file to grade, or None with the reason why there is none
    reason: str = ""


def collect(folder: Path, scratch: Path) -> list[Entry]:
    """One entry a student, sorted by name; zips are unpacked (their notebook only) to `scratch`."""
    entries = []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "__")):
            continue
        if path.is_dir():
            found = [p for p in sorted(path.rglob("*.ipynb")) if _is_submission(p)]
            entries.append(_only(path.name, found))
        elif path.suffix == ".ipynb":
            entries.append(Entry(path.stem, path))
        elif path.suffix == ".zip":
            entries.append(_unzip(path, scratch))
    twice = [name for name, count in Counter(e.name for e in entries).items() if count > 1]
    if twice:
        raise ValueError(f"two submissions carry the same name: {', '.join(twice)}")
    return entries


def _is_submission(path: Path) -> bool:
    return path.is_file() and not any(part.startswith((".", "__")) for part in path.parts[-2:])


def _only(name: str, found: list[Path]) -> Entry:
    if len(found) == 1:
        return Entry(name, found[0])
    return Entry(name, None, f"{len(found)} notebooks where one was expected")


def _unzip(path: Path, scratch: Path) -> Entry:
    import judge
    import sandbox

    try:
        with zipfile.ZipFile(path) as archive:
            inside = [
                item for item in archive.infolist()
                if item.filename.endswith(".ipynb") and not re.search(r"(^|/)[._]", item.filename)
            ]  # fmt: skip
            if len(inside) != 1:
                return Entry(path.stem, None, f"{len(inside)} notebooks where one was expected")
            with archive.open(inside[0]) as file:  # never extract(): names may point elsewhere
                data = file.read(judge.MAX_NOTEBOOK_MB * sandbox.MB + 1)
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, EOFError) as error:
        return Entry(path.stem, None, f"the zip file cannot be read ({type(error).__name__})")
    target = scratch / f"{hashlib.sha256(path.name.encode()).hexdigest()[:16]}.ipynb"
    target.write_bytes(data)
    return Entry(path.stem, target)


def grade_folder(
    assignment: str, submissions: Path, out: Path, *, built: Path = BUILT, jobs: int = 0,
    time_limit: float = 240, question_limit: float = 30, memory_mb: int = 3072, fresh: bool = False,
    kind: str = "", progress: bool = True,
) -> list[dict[str, Any]]:  # fmt: skip
    """Grade all submissions, write the files, return the grades in order of name."""
    import sandbox
    from tqdm import tqdm

    tqdm.monitor_interval = 0  # its thread must not exist when judges are forked
    grader = built / "grader" / assignment
    info_path = grader / "assignment.json"
    if not info_path.exists():
        raise FileNotFoundError(f"{assignment} is not built yet: run `make coursework` first")
    if not submissions.is_dir():
        raise FileNotFoundError(f"no folder of submissions at {submissions}")
    kind = kind or sandbox.best()
    if kind == "none":
        print(sandbox.WARNING, file=sys.stderr)
    if json.loads(info_path.read_text())["checkpoint"]:
        missing = sandbox.fetch_checkpoint()
        if missing:
            print(missing, file=sys.stderr)
    kept = out / ".results"
    if fresh:
        shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir(parents=True, exist_ok=True)
    limits = {"time_limit": time_limit, "question_limit": question_limit, "memory_mb": memory_mb}
    stamp = _digest(*sorted(grader.rglob("*.*")), extra=json.dumps(limits))
    with tempfile.TemporaryDirectory(prefix="submissions-") as scratch:
        entries = collect(submissions, Path(scratch))
        tasks, grades = [], {}
        for entry in entries:
            place = kept / f"{hashlib.sha256(entry.name.encode()).hexdigest()[:20]}.json"
            digest = _digest(entry.notebook, extra=stamp + entry.reason)
            old = _read(place)
            if old and old.get("digest") == digest:
                grades[entry.name] = old
            else:
                tasks.append((entry, place, digest))
        bar = tqdm(total=len(entries), initial=len(grades), disable=not progress, unit="student")
        running = _in_parallel(tasks, grader, kind, limits, jobs, scratch)
        with contextlib.closing(running):  # its judges end before their folders go
            for entry, place, result in running:
                place.write_text(json.dumps(result))
                grades[entry.name] = result
                bar.update()
        bar.close()
        ordered = [grades[e.name] for e in entries]
        info = json.loads(info_path.read_text())
        write_csv(ordered, info, out / "grades.csv")
        for old_file in (*out.glob("feedback/*.md"), *out.glob("written/*.md")):
            old_file.unlink()
        for entry in entries:
            write_feedback(grades[entry.name], info, out / "feedback")
            write_sheet(entry, info, out / "written")
    return ordered


def _in_parallel(
    tasks: list, grader: Path, kind: str, limits: dict, jobs: int, scratch: str
) -> Any:
    """Yield (entry, place, result) as they come. Each judge is a forked process of its own: what
    goes wrong in one, however badly, is that one's."""
    for module in ("otter.test_files", "scipy.integrate", "scipy.stats", "torch", "judge"):
        importlib.import_module(module)  # before the fork, so paid for once

    context = multiprocessing.get_context("fork")
    jobs = jobs or os.cpu_count() or 1
    waiting, running = list(reversed(tasks)), {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                entry, place, digest = waiting.pop()
                own = tempfile.mkdtemp(
                    prefix="grade-", dir=scratch
                )  # all a judge leaves behind is in here
                args = (entry, grader, kind, limits, own)
                process = context.Process(target=_judge_one, args=args)
                process.start()
                until = time.monotonic() + limits["time_limit"] + GRACE
                running[process.sentinel] = (process, entry, place, digest, own, until)
            soonest = min(item[5] for item in running.values()) - time.monotonic()
            for sentinel in wait(list(running), timeout=max(0.1, soonest)):
                yield _finished(*running.pop(sentinel)[:5])  # type: ignore[call-overload]
            for sentinel, item in list(running.items()):
                if time.monotonic() > item[5]:
                    del running[sentinel]
                    yield _finished(*item[:5])
    finally:
        for item in running.values():
            _end(item[0])
            shutil.rmtree(item[4], ignore_errors=True)


def _finished(process: Any, entry: Entry, place: Path, digest: str, own: str) -> tuple:
    _end(process)
    result = _read(Path(own) / "result.json") or {
        "submission": entry.name, "status": "grading this submission failed", "questions": [],
        "cell_errors": [], "student_id": "", "seconds": 0.0, "peak_mb": 0.0,
    }  # fmt: skip
    shutil.rmtree(own, ignore_errors=True)
    return entry, place, {**result, "submission": entry.name, "digest": digest}


def _end(process: Any) -> None:
    """Wait for a judge that is done; end one that overran, with its sandbox below it."""
    process.join(1)
    if process.is_alive():
        import sandbox

        for pid in sandbox.descendants(process.pid):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        process.join()


def _judge_one(entry: Entry, grader: Path, kind: str, limits: dict, own: str) -> None:
    import judge
    import sandbox
    import torch

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C ends the run through its main process
    sandbox.become_subreaper()
    tempfile.tempdir = own
    with open(os.devnull, "w") as null:
        os.dup2(null.fileno(), 1)
        os.dup2(null.fileno(), 2)
    torch.set_num_threads(1)
    if entry.notebook is None:
        result = judge.grade(Path(own) / "none", grader, kind=kind, **limits)
        result.status = entry.reason
    else:
        result = judge.grade(entry.notebook, grader, kind=kind, **limits)
    (Path(own) / "result.json").write_text(json.dumps(result.to_dict()))


def write_csv(grades: list[dict], info: dict, path: Path) -> None:
    """One row a student. Written questions have an empty column for the reader's points."""
    ids = Counter(g["student_id"] for g in grades if g["student_id"])
    names = [q["name"] + ("_written" if q["manual"] else "") for q in info["questions"]]
    with open(path, "w", newline="", encoding="utf8") as file:
        table = csv.writer(file)
        table.writerow(
            ["student", "student_id", *names, "automatic", "automatic_of", "status", "note",
             "seconds", "peak_mb"]
        )  # fmt: skip
        for grade in grades:
            scores = {q["name"]: q["score"] for q in grade["questions"]}
            cells = ["" if q["manual"] else scores.get(q["name"], 0) for q in info["questions"]]
            note = grade.get("note", "")
            if ids[grade["student_id"]] > 1:
                note = "; ".join(filter(None, [note, "the same student_id as another submission"]))
            table.writerow(
                [_plain(grade["submission"]), _plain(grade["student_id"]), *cells,
                 f"{sum(scores.values()):g}", f"{_possible(info):g}", _plain(grade["status"]), note,
                 f"{grade['seconds']:.1f}", f"{grade['peak_mb']:.0f}"]
            )  # fmt: skip


def write_feedback(grade: dict, info: dict, folder: Path) -> None:
    """What the student gets back: points, public outcomes, hints. No text of a hidden test."""
    folder.mkdir(parents=True, exist_ok=True)
    total = sum(q["score"] for q in grade["questions"])
    lines = [f"# {info['name']} · {_plain(grade['submission'])}", ""]
    lines += [f"Automatic questions: **{total:g} of {_possible(info):g}** points.", ""]
    if grade["status"] != "graded":
        lines += [f"Not graded to the end: {_plain(grade['status'])}.", ""]
    if grade.get("note"):
        lines += [f"This was {_plain(grade['note'])}.", ""]
    if grade["cell_errors"]:
        lines += ["These cells stopped with an error when the notebook was run from the top:", ""]
        for error in grade["cell_errors"]:
            lines.append(f"- code cell {error['cell']}: `{_plain(error['error'])}`")
        lines.append("")
    results = {q["name"]: q for q in grade["questions"]}
    for question in info["questions"]:
        if question["manual"]:
            lines += [
                f"## {question['name']} · read by a person ({question['points']:g} points)",
                "",
            ]
            continue
        got = results.get(question["name"])
        score = got["score"] if got else 0
        lines += [f"## {question['name']} · {score:g} of {question['points']:g}", ""]
        if got:
            for kind in ("public", "hidden"):
                passed, of = got[kind]
                lines.append(f"- {kind} checks passed: {passed} of {of}")
            lines += [f"- {note}" for note in got["notes"]]
            lines.append("")
    path = folder / f"{_file_name(grade['submission'])}.md"
    path.write_text("\n".join(lines), encoding="utf8")


def write_sheet(entry: Entry, info: dict, folder: Path) -> None:
    """For the reader of the written questions: each answer above its rubric, with a blank."""
    written = [q for q in info["questions"] if q["manual"]]
    if not written:
        return
    folder.mkdir(parents=True, exist_ok=True)
    answers = _answers(entry)
    lines = [f"# {info['name']} · {_plain(entry.name)} · written questions", ""]
    for question in written:
        lines += [f"## {question['name']} · ___ of {question['points']:g}", ""]
        lines += [answers.get(question["name"], "_(no answer found)_"), ""]
        if question.get("rubric"):
            lines += [question["rubric"], ""]
    path = folder / f"{_file_name(entry.name)}.md"
    path.write_text("\n".join(lines), encoding="utf8")


def _answers(entry: Entry) -> dict[str, str]:
    """The cells that follow each written question up to the next heading, as text."""
    try:
        cells = json.loads(entry.notebook.read_text(encoding="utf8"))["cells"]  # type: ignore[union-attr]
        answers: dict[str, list[str]] = {}
        current = None
        for cell in cells:
            text = "".join(cell["source"])
            mark = re.search(r"<!-- question (\w+) -->", text)
            if mark:
                current = mark.group(1)
                answers[current] = []
            elif cell["cell_type"] == "markdown" and text.startswith("## "):
                current = None
            elif current and cell["cell_type"] == "markdown":
                answers[current].append(text)
            elif current and cell["cell_type"] == "code" and text.strip():
                answers[current].append(f"```python\n{text}\n```")
        return {name: "\n\n".join(parts) for name, parts in answers.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def _possible(info: dict) -> float:
    return sum(q["points"] for q in info["questions"] if not q["manual"])


def _plain(text: str) -> str:
    """One line, and nothing a spreadsheet would run as a formula."""
    text = re.sub(r"[\x00-\x1f`|<>]+", " ", str(text)).strip()
    return "'" + text if text[:1] in "=+-@" and text else text


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name).lstrip(".") or "student"


def _digest(*paths: Path | None, extra: str = "") -> str:
    digest = hashlib.sha256(extra.encode())
    for path in paths:
        if path is not None and path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()


def _read(path: Path) -> dict | None:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError):
        return None


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("assignment")
    parser.add_argument("submissions", type=Path)
    parser.add_argument("--out", type=Path, help="default: build/coursework/graded/ASSIGNMENT")
    parser.add_argument("--built", type=Path, default=BUILT, help=argparse.SUPPRESS)
    parser.add_argument("--jobs", type=int, default=0, help="submissions at once (default: cores)")
    parser.add_argument("--time-limit", type=float, default=240, help="seconds for a submission")
    parser.add_argument("--question-limit", type=float, default=30, help="seconds for a question")
    parser.add_argument("--memory-mb", type=int, default=3072, help="memory for a submission")
    parser.add_argument("--fresh", action="store_true", help="grade everything again")
    parser.add_argument("--sandbox", choices=["bwrap", "unshare", "none"], default="")
    args = parser.parse_args(argv)
    out = args.out or args.built / "graded" / args.assignment
    try:
        grades = grade_folder(
            args.assignment, args.submissions, out, built=args.built, jobs=args.jobs,
            time_limit=args.time_limit, question_limit=args.question_limit,
            memory_mb=args.memory_mb, fresh=args.fresh, kind=args.sandbox,
        )  # fmt: skip
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130
    failed = sum(g["status"] != "graded" for g in grades)
    print(f"{len(grades)} submissions, {failed} of them not graded to the end")
    print(f"grades: {out / 'grades.csv'}\nfeedback: {out / 'feedback'}\n"
          f"written questions to read: {out / 'written'}")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    raise SystemExit(main())
