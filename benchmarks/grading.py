"""How time and memory of `make grade` grow with the number of submissions.

    python benchmarks/grading.py [LARGEST]

Grades a quarter, a half and all of LARGEST (100) submissions of assignment 1 in three runs,
side by side on this machine, and prints seconds, peak memory (all processes together, private
pages) and each relative to the smallest run. Linear growth is a column of 1.00.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "coursework"))

import build  # noqa: E402  found in the folder just added
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


def measure(made: Path, folder: Path, out: Path) -> tuple[float, float, list[dict]]:
    """(seconds, peak MB over this process and everything below it, grades)."""
    peak, stop = [0.0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.2):
            family = sandbox.descendants(os.getpid())
            peak[0] = max(peak[0], sum(sandbox._resident_mb(pid) for pid in family))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    started = time.perf_counter()
    grades = grade.grade_folder(NAME, folder, out, built=made)
    seconds = time.perf_counter() - started
    stop.set()
    watcher.join()
    return seconds, peak[0], grades


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
            seconds, peak, grades = measure(made, folder, Path(scratch) / f"out-{count}")
            points = [sum(q["score"] for q in g["questions"]) for g in grades]
            solved = sum(
                "s" in g["student_id"] and p == 14 for g, p in zip(grades, points, strict=True)
            )
            rows.append((count, seconds, peak, solved, sum(p == 0 for p in points)))
    print(f"sandbox: {sandbox.best()}; {os.cpu_count()} submissions at a time")
    print("submissions  seconds  s each  relative  peak MB  relative  full marks  no marks")
    first = rows[0]
    for count, seconds, peak, full, none in rows:
        each, base = seconds / count, first[1] / first[0]
        print(f"{count:11d} {seconds:8.1f} {each:7.2f} {each / base:9.2f} {peak:8.0f} "
              f"{peak / first[2]:9.2f} {full:11d} {none:9d}")  # fmt: skip
    print(json.dumps({"growth_of_time_per_submission": round(rows[-1][1] / rows[-1][0] / base, 3)}))


if __name__ == "__main__":
    main()
