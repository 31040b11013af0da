"""How time and memory of `make grade` grow with the number of submissions.

    python benchmarks/grading.py [LARGEST]

Grades a quarter, a half and all of LARGEST (100) submissions of assignment 1 in three runs,
side by side on this machine, and prints seconds, processor seconds of the graders (the sandboxes
are ended, not waited for, so theirs are not in it), peak memory (all processes together, private
pages), and time a submission and memory relative to the smallest run. Linear growth of time is a
column of 1.00; memory should not grow at all.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "coursework"), str(ROOT / "coursework" / "grader")]

import build  # noqa: E402  found in the folders just added
import grade  # noqa: E402
import sandbox  # noqa: E402

NAME = "01_directions"


def submissions(made: Path, folder: Path, count: int) -> None:
    """Seven in ten solved, two untouched, one not a notebook; every student with an own id."""
    folder.mkdir()
    solved = (made / "instructor" / f"{NAME}.ipynb").read_text()
    untouched = (made / "student" / f"{NAME}.ipynb").read_text()
    for k in range(count):
        text = solved.replace('student_id = \\"instructor\\"', f'student_id = \\"s{k:03d}\\"')
        text = "no notebook" if k % 10 == 9 else untouched if k % 10 > 6 else text
        (folder / f"s{k:03d}.ipynb").write_text(text)


def measure(made: Path, folder: Path, out: Path) -> tuple[float, float, float, list[dict]]:
    """(seconds, processor seconds, peak MB of this process and all below it, grades)."""
    peak, stop = [0.0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.2):
            family = sandbox.descendants(os.getpid())
            peak[0] = max(peak[0], sum(sandbox._resident_mb_and_threads(pid)[0] for pid in family))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    started, worked = time.perf_counter(), _processor()
    grades = grade.grade_folder(NAME, folder, out, built=made)
    seconds, worked = time.perf_counter() - started, _processor() - worked
    stop.set()
    watcher.join()
    return seconds, worked, peak[0], grades


def _processor() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in used)


def main() -> None:
    largest = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as scratch:
        made = Path(scratch) / "made"
        build.build(NAME, made)
        rows = []
        submissions(made, Path(scratch) / "first", 1)  # pays for the imports
        measure(made, Path(scratch) / "first", Path(scratch) / "out-first")
        for count in (largest // 4, largest // 2, largest):
            folder = Path(scratch) / f"submissions-{count}"
            submissions(made, folder, count)
            seconds, worked, peak, grades = measure(made, folder, Path(scratch) / f"out-{count}")
            points = [sum(q["score"] for q in g["questions"]) for g in grades]
            full, none = (sum(p == wanted for p in points) for wanted in (14, 0))
            rows.append((count, seconds, worked, peak, full, none))
    print(f"sandbox: {sandbox.best()}; {os.cpu_count()} submissions at a time")
    print(
        "submissions  seconds  s each  relative  cpu s each  relative "
        " peak MB  relative  full  none"
    )
    first = rows[0]
    for count, seconds, worked, peak, full, none in rows:
        wall, own = seconds / count, worked / count
        print(
            f"{count:11d} {seconds:8.1f} {wall:7.2f} {wall / (first[1] / first[0]):9.2f} "
            f"{own:11.2f} {own / (first[2] / first[0]):9.2f} {peak:8.0f} "
            f"{peak / first[3]:9.2f} {full:5d} {none:5d}"
        )


if __name__ == "__main__":
    main()
