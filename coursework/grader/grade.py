"""Grades a folder of submissions and writes grades.csv and a feedback file per student.

    python coursework/grader/grade.py ASSIGNMENT SUBMISSIONS [--out FOLDER] [--jobs N] [--fresh]

SUBMISSIONS holds one entry a student: NAME.ipynb, NAME.zip with one notebook in it, or a folder
NAME with one notebook (or one such zip) in it. Finished submissions are kept, so a run that was
stopped goes on where it was; a changed submission, assignment or limit is graded again.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import importlib
import json
import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

import limits
from submissions import Entry, collect, digest

HERE = Path(__file__).resolve().parent
BUILT = HERE.parents[1] / "build" / "coursework"
GRACE = 20  # seconds past its limit after which a judge itself is ended


def grade_folder(
    assignment: str,
    submissions: Path,
    out: Path,
    *,
    built: Path = BUILT,
    jobs: int = 0,
    time_limit: float = limits.SECONDS,
    question_limit: float = limits.QUESTION_SECONDS,
    memory_mb: int = limits.MEMORY_MB,
    fresh: bool = False,
    kind: str = "",
    progress: bool = True,
) -> list[dict[str, Any]]:
    """Grade all submissions, write the files, return the grades in order of name."""
    import reports
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
    allowed = {"time_limit": time_limit, "question_limit": question_limit, "memory_mb": memory_mb}
    stamp = digest(sorted(grader.rglob("*.*")), json.dumps(allowed))
    with tempfile.TemporaryDirectory(prefix="submissions-") as scratch:
        entries = collect(submissions, Path(scratch), assignment)
        tasks, grades = [], {}
        for entry in entries:
            place = kept / f"{hashlib.sha256(entry.name.encode()).hexdigest()[:20]}.json"
            mark = digest([entry.notebook], stamp + entry.reason + entry.note)
            old = _read(place)
            if old and old.get("digest") == mark:
                grades[entry.name] = old
            else:
                tasks.append((entry, place, mark))
        bar = tqdm(total=len(entries), initial=len(grades), disable=not progress, unit="student")
        running = _in_parallel(tasks, grader, kind, allowed, jobs, scratch)
        with contextlib.closing(running):  # its judges end before their folders go
            for entry, place, result in running:
                place.write_text(json.dumps(result))
                grades[entry.name] = result
                bar.update()
        bar.close()
        ordered = [grades[e.name] for e in entries]
        reports.write_all(ordered, entries, json.loads(info_path.read_text()), out)
    return ordered


def _in_parallel(
    tasks: list, grader: Path, kind: str, allowed: dict, jobs: int, scratch: str
) -> Any:
    """Yield (entry, place, result) as they come. Each judge is a forked process of its own: what
    goes wrong in one, however badly, is that one's."""
    for module in ("otter.test_files", "scipy.integrate", "scipy.stats", "torch", "judge"):
        importlib.import_module(module)  # before the fork, so paid for once

    context = multiprocessing.get_context("fork")
    cores = _cores()
    jobs = jobs or len(cores) or os.cpu_count() or 1
    # A processor for each submission: one that keeps it busy slows down no other.
    free = [cores[k % len(cores)] if cores else None for k in range(jobs)]
    waiting, running = list(reversed(tasks)), {}
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                entry, place, mark = waiting.pop()
                # All that a judge leaves behind is in this folder.
                own, core = tempfile.mkdtemp(prefix="grade-", dir=scratch), free.pop()
                args = (entry, grader, kind, {**allowed, "core": core}, own)
                process = context.Process(target=_judge_one, args=args)
                process.start()
                until = time.monotonic() + allowed["time_limit"] + GRACE
                running[process.sentinel] = (process, entry, place, mark, own, until, core)
            soonest = min(item[5] for item in running.values()) - time.monotonic()
            for sentinel in wait(list(running), timeout=max(0.1, soonest)):
                item = running.pop(sentinel)  # type: ignore[call-overload]
                free.append(item[6])
                yield _finished(*item[:5])
            for sentinel, item in list(running.items()):
                if time.monotonic() > item[5]:
                    free.append(running.pop(sentinel)[6])
                    yield _finished(*item[:5])
    finally:
        for item in running.values():
            _end(item[0])
            shutil.rmtree(item[4], ignore_errors=True)


def _cores() -> list[int]:
    """The processors this process may use, where the system tells them apart (Linux)."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def _finished(process: Any, entry: Entry, place: Path, mark: str, own: str) -> tuple:
    _end(process)
    result = _read(Path(own) / "result.json") or {
        "submission": entry.name,
        "status": "grading this submission failed",
        "questions": [],
        "cell_errors": [],
        "student_id": "",
        "seconds": 0.0,
        "peak_mb": 0.0,
    }
    shutil.rmtree(own, ignore_errors=True)
    return entry, place, {**result, "submission": entry.name, "digest": mark}


def _end(process: Any) -> None:
    """Wait for a judge that is done; end one that overran, with its sandbox below it."""
    process.join(1)
    if process.is_alive():
        import sandbox

        for pid in sandbox.descendants(process.pid):
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        process.join()


def _judge_one(entry: Entry, grader: Path, kind: str, allowed: dict, own: str) -> None:
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
        result = judge.grade(Path(own) / "none", grader, kind=kind, **allowed)
        result.status = entry.reason
    else:
        result = judge.grade(entry.notebook, grader, kind=kind, **allowed)
    result.note = "; ".join(filter(None, [entry.note, result.note]))
    (Path(own) / "result.json").write_text(json.dumps(result.to_dict()))


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
    parser.add_argument(
        "--time-limit", type=float, default=limits.SECONDS, help="seconds for a submission"
    )
    parser.add_argument(
        "--question-limit",
        type=float,
        default=limits.QUESTION_SECONDS,
        help="seconds for a question",
    )
    parser.add_argument(
        "--memory-mb", type=int, default=limits.MEMORY_MB, help="memory for a submission"
    )
    parser.add_argument("--fresh", action="store_true", help="grade everything again")
    parser.add_argument("--sandbox", choices=["bwrap", "unshare", "none"], default="")
    args = parser.parse_args(argv)
    out = args.out or args.built / "graded" / args.assignment
    try:
        grades = grade_folder(
            args.assignment,
            args.submissions.expanduser(),
            out,
            built=args.built,
            jobs=args.jobs,
            time_limit=args.time_limit,
            question_limit=args.question_limit,
            memory_mb=args.memory_mb,
            fresh=args.fresh,
            kind=args.sandbox,
        )
    except (FileNotFoundError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command goes on from here", file=sys.stderr)
        return 130
    failed = sum(g["status"] != "graded" for g in grades)
    print(f"{len(grades)} submissions, {failed} of them not graded to the end")
    print(
        f"grades: {out / 'grades.csv'}\nfeedback: {out / 'feedback'}\n"
        f"written questions to read: {out / 'written'}"
    )
    return 0


if __name__ == "__main__":
    sys.path.insert(0, str(HERE))
    raise SystemExit(main())
