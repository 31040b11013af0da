"""Grading a folder: honest work, broken files, and submissions that attack the grader."""

from __future__ import annotations

import base64
import csv
import json
import os
import re
import shutil
import socket
import sys
import tempfile
import textwrap
import time
import zipfile
from pathlib import Path
from typing import Any

import grade
import pytest
import sandbox

NAME = "01_directions"
ISOLATING = [kind for kind in ("bwrap", "unshare") if not sandbox.probe(kind)]
isolated = pytest.mark.skipif(not ISOLATING, reason="no namespaces on this machine")

# Stands in for whatever a submission leaves running: looked for in every process's arguments.
MARK = "left-behind-by-a-submission"


def notebook(made: Path, part: str, *cells: str, front: bool = False) -> dict[str, Any]:
    """The solved ('instructor') or untouched ('student') notebook with cells of one's own."""
    nb = json.loads((made / part / f"{NAME}.ipynb").read_text())
    extra = [
        {
            "cell_type": "code",
            "id": f"own-{k}",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": textwrap.dedent(text),
        }
        for k, text in enumerate(cells)
    ]
    nb["cells"] = extra + nb["cells"] if front else nb["cells"] + extra
    return nb


# What an honest notebook is given, however busy the machine: seconds, and for a question.
PATIENCE = {"time_limit": 1800, "question_limit": 600}


def run(
    made: Path, folder: Path, out: Path, *, hurry: dict[str, dict] | None = None, **options: Any
) -> dict[str, dict]:
    """Grades by submission. `hurry` holds shorter limits for those that never end by themselves."""
    judge_one = grade._judge_one

    def with_its_limits(entry: Any, grader: Path, kind: str, limits: dict, own: str) -> None:
        judge_one(entry, grader, kind, limits | (hurry or {}).get(entry.name, {}), own)

    options = PATIENCE | {"jobs": 2, "progress": False} | options
    with pytest.MonkeyPatch.context() as patch:  # judges are forked, and so take it along
        patch.setattr(grade, "_judge_one", with_its_limits)
        grades = grade.grade_folder(NAME, folder, out, built=made, **options)
    return {g["submission"]: g for g in grades}


def points(result: dict) -> float:
    return sum(q["score"] for q in result["questions"])


def rows(out: Path) -> dict[str, dict]:
    with open(out / "grades.csv", newline="", encoding="utf8") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


@pytest.fixture(autouse=True)
def own_scratch(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What others grade on this machine at the same time is not what these tests left behind."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path_factory.mktemp("scratch")))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "submissions"
    place.mkdir()
    return place


def test_honest_empty_and_broken(made: Path, folder: Path, tmp_path: Path) -> None:
    solution = (made / "instructor" / f"{NAME}.ipynb").read_text()
    (folder / "anna.ipynb").write_text(solution)
    (folder / "ben.ipynb").write_text((made / "student" / f"{NAME}.ipynb").read_text())
    (folder / "cem.ipynb").write_text("")
    (folder / "dan.ipynb").write_text("{ this is not json")
    (folder / "eva.ipynb").write_text(json.dumps({"cells": []}))
    (folder / "fay.ipynb").write_bytes(b"\xff\xfe\x00" * 1000)
    (folder / "gil.ipynb").write_text("[" * 200000)
    (folder / "hal").mkdir()
    (folder / "hal" / "work.ipynb").write_text(solution)
    (folder / "ida").mkdir()
    for name in ("one", "two"):
        (folder / "ida" / f"{name}.ipynb").write_text(solution)
    with zipfile.ZipFile(folder / "jon.zip", "w") as archive:
        archive.writestr("homework/handed-in.ipynb", solution)
        archive.writestr("__MACOSX/homework/._handed-in.ipynb", "junk")
    with zipfile.ZipFile(folder / "ned.zip", "w") as archive:
        archive.writestr("../../elsewhere.ipynb", solution)
    (folder / "kim.zip").write_text("no zip")
    (folder / "lea.ipynb").write_text(
        json.dumps(notebook(made, "instructor", "1 / 0", "import nowhere"))
    )
    (folder / "max.ipynb").write_text(json.dumps(notebook(made, "instructor", "raise SystemExit")))
    out = tmp_path / "out"
    results = run(made, folder, out)
    full = {"anna", "hal", "jon", "lea", "max"}
    assert {name for name, result in results.items() if points(result) == 14} == full
    assert all(points(results[name]) == 0 for name in set(results) - full)
    assert len(results) == 14 and not (tmp_path.parent / "elsewhere.ipynb").exists()
    table = rows(out)
    assert table["anna"]["status"] == "graded" and table["anna"]["automatic"] == "14"
    for name in ("cem", "dan", "eva", "fay", "gil", "ida", "kim", "ned"):
        assert table[name]["status"] != "graded" and table[name]["automatic"] == "0"
    assert table["anna"]["q6_written"] == "" and "same student_id" in table["anna"]["note"]
    assert "ZeroDivisionError" in (out / "feedback" / "lea.md").read_text()
    sheet = (out / "written" / "anna.md").read_text()
    assert "A model answer" in sheet and "_Rubric" in sheet and "## q7" in sheet
    assert len(list((out / "feedback").glob("*.md"))) == 14


def test_hand_ins_as_platforms_deliver_them(made: Path, folder: Path, tmp_path: Path) -> None:
    """Names, places and formats that the download of a learning platform holds."""
    solution = (made / "instructor" / f"{NAME}.ipynb").read_text()

    def by(student: str) -> str:
        return solution.replace('\\"instructor\\"', f'\\"{student}\\"')

    for name in ("doejohn_LATE_12_34_01 directions-1", "José Ñandú 李", "anna b", "twice"):
        (folder / f"{name}.ipynb").write_text(by(name), encoding="utf8")
    (folder / "UPPER.IPYNB").write_text(by("u"))
    (folder / "browser.ipynb.txt").write_text(by("t"))
    (folder / "whole number.ipynb").write_text(solution.replace('\\"instructor\\"', "77"))
    Path(os.fsdecode(os.fsencode(folder) + b"/latin\xe9.ipynb")).write_text(by("l"))
    for name in ("moodle_1_assignsubmission_file_", "several", "linked"):
        (folder / name).mkdir()
    for place in ("Zip.ZIP", "twice.zip", "moodle_1_assignsubmission_file_/work.zip"):
        with zipfile.ZipFile(folder / place, "w") as archive:
            archive.writestr("work/a.ipynb", by(place))
    (folder / "several" / "01 Directions (2).ipynb").write_text(by("s"))
    (folder / "several" / "scratch.ipynb").write_text("{}")
    (folder / "submission_metadata.yml").write_text("")
    (folder / "José Ñandú 李.pdf").write_text("beside the notebook")
    full = 12
    # Not to be graded, each for a reason of its own; none may be missing, none stops the run.
    (folder / "anna_b.ipynb").write_text((made / "student" / f"{NAME}.ipynb").read_text())
    shutil.copy(made / "instructor" / "02_regimes.ipynb", folder / "other.ipynb")
    (folder / "paper.pdf").write_text("only this")
    (folder / "link.ipynb").symlink_to("twice.ipynb")
    (folder / "linked" / "work.ipynb").symlink_to("../twice.ipynb")
    with open(folder / "huge.ipynb", "wb") as file:
        file.truncate(8 * 2**30)
    with zipfile.ZipFile(folder / "damaged.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.ipynb", solution)
    data = bytearray((folder / "damaged.zip").read_bytes())
    data[60:400] = bytes(340)
    (folder / "damaged.zip").write_bytes(data)
    with zipfile.ZipFile(folder / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.ipynb", " " * 2**28)
    os.mkfifo(folder / "pipe.ipynb")
    out = tmp_path / "out"
    results = run(made, folder, out)
    table = rows(out)
    assert sum(points(r) == 14 for r in results.values()) == full
    assert {n for n, r in table.items() if r["automatic"] == "0"} == {
        "anna_b",
        "other",
        "paper",
        "link",
        "linked",
        "huge",
        "damaged",
        "bomb",
        "pipe",
    }
    assert {"twice.ipynb", "twice.zip", "latin?"} < set(table)
    assert "another submission of this name" in table["twice.zip"]["note"]
    assert "02_regimes" in table["other"]["note"] and "20 MB" in table["huge"]["status"]
    assert "02_regimes" in (out / "feedback" / "other.md").read_text()
    assert table["whole number"]["student_id"] == "77"
    assert "no student_id" in table["anna_b"]["note"]
    for kind in ("feedback", "written"):  # "anna b" and "anna_b" have one each
        assert len(list((out / kind).glob("*.md"))) == len(table) == full + 9


def test_text_that_cannot_be_written_stops_nobody(made: Path, folder: Path, tmp_path: Path) -> None:
    """Half a surrogate pair, as a broken emoji leaves it, in an answer, an error and an id."""
    nb = notebook(made, "instructor", "raise ValueError(chr(0xD800))", "student_id = '\\ud83d'")
    nb["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "half \ud83d"})
    (folder / "anna.ipynb").write_text(json.dumps(nb))
    (folder / "ben.ipynb").write_text((made / "instructor" / f"{NAME}.ipynb").read_text())
    results = run(made, folder, tmp_path / "out")
    assert points(results["ben"]) == 14
    assert "half ?" in (tmp_path / "out" / "written" / "anna.md").read_text()


def test_what_a_reader_wrote_is_kept(made: Path, folder: Path, tmp_path: Path) -> None:
    """Points in grades.csv and notes in the sheets, when late work makes a second run."""
    png = b"\x89PNG\r\n\x1a\n" + bytes(40)
    nb = notebook(made, "instructor", "plot()")
    nb["cells"][-1]["outputs"] = [
        {"output_type": "stream", "name": "stdout", "text": ["ratio 3.", "3\n"]},
        {"output_type": "display_data", "data": {"image/png": base64.b64encode(png).decode()}},
    ]
    nb["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "## My own heading"})
    nb["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "the end\n# q1"})
    (folder / "anna.ipynb").write_text(json.dumps(nb))
    (folder / "ben.ipynb").write_text((made / "instructor" / f"{NAME}.ipynb").read_text())
    out = tmp_path / "out"
    run(made, folder, out)
    sheet = (out / "written" / "anna.md").read_text()
    assert "> ratio 3.3" in sheet and "> the end\n> # q1" in sheet and "figures/anna-q7-1" in sheet
    assert (out / "written" / "figures" / "anna-q7-1.png").read_bytes() == png
    assert rows(out)["anna"]["total"] == ""
    # As a spreadsheet might save it: other commas, a mark in front, rows in another order.
    head, anna, ben = (line.split(",") for line in (out / "grades.csv").read_text().splitlines())
    for row, (q6, q7) in ((anna, ("3", "1,5")), (ben, ("2", "2"))):
        row[head.index("q6_written")], row[head.index("q7_written")] = q6, q7
    text = "\n".join(";".join(row) for row in (head, ben, anna))
    (out / "grades.csv").write_text(text, encoding="utf-8-sig")
    (out / "written" / "anna.md").write_text(sheet + "well argued")
    (out / "written" / "ben.md").write_text("notes on what was handed in first")
    (folder / "late.ipynb").write_text((made / "student" / f"{NAME}.ipynb").read_text())
    changed = json.loads((folder / "ben.ipynb").read_text())
    changed["cells"].append({"cell_type": "markdown", "metadata": {}, "source": "one thing more"})
    (folder / "ben.ipynb").write_text(json.dumps(changed))
    for _ in range(2):  # a third run forgets nothing either
        run(made, folder, out)
        table = rows(out)
        assert (table["anna"]["q6_written"], table["anna"]["q7_written"]) == ("3", "1,5")
        assert table["anna"]["total"] == "18.5" and table["late"]["total"] == ""
        assert table["ben"]["q6_written"] == "2?" and table["ben"]["total"] == ""
        assert "earlier hand-in" in table["ben"]["note"]
        assert "1.5 of 2" in (out / "feedback" / "anna.md").read_text()
        assert (out / "written" / "anna.md").read_text().endswith("well argued")
        assert "one thing more" in (out / "written" / "ben.md").read_text()
        assert "handed in first" in (out / "written" / "ben.earlier.md").read_text()
        assert (out / "grades.earlier.csv").exists()
    (folder / "late.ipynb").unlink()
    (folder / "anna.ipynb").unlink()
    run(made, folder, out)
    assert not (out / "written" / "late.md").exists()
    assert (out / "written" / "anna.md").exists()  # somebody's notes are in it


def test_another_student_for_a_moment(made: Path, folder: Path, tmp_path: Path) -> None:
    """Ben copies Anna's numbers, has his own id in the table, and hers while they are checked."""
    for name, late in (("anna", ""), ("ben", "student_id = 'ben'")):
        lends = f"def room(m, t):\n    global student_id\n    student_id = 'instructor'\n{late}"
        (folder / f"{name}.ipynb").write_text(
            json.dumps(notebook(made, "instructor", lends if late else "pass"))
        )
    results = run(made, folder, tmp_path / "out")
    assert results["ben"]["student_id"] == "ben"
    assert {q["name"] for q in results["ben"]["questions"] if q["score"] == 0} == {"q4", "q5"}


def test_goes_on_where_it_stopped(
    made: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    solution = (made / "instructor" / f"{NAME}.ipynb").read_text()
    for name in ("a", "b", "c"):
        (folder / f"{name}.ipynb").write_text(solution.replace('"instructor"', f'"{name}"'))
    out, seen, before = tmp_path / "out", [], left_folders()
    real = grade._finished

    def stop_after_two(*args: Any) -> tuple:
        seen.append(args[1].name)
        if len(seen) == 3:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(grade, "_finished", stop_after_two)
    with pytest.raises(KeyboardInterrupt):
        run(made, folder, out)
    assert len(list((out / ".results").glob("*.json"))) == 2
    assert left_folders() == before
    seen.clear()
    monkeypatch.setattr(grade, "_finished", lambda *a: seen.append(a[1].name) or real(*a))
    assert all(points(r) == 14 for r in run(made, folder, out).values()) and len(seen) == 1
    (folder / "b.ipynb").write_text("{}")
    seen.clear()
    assert points(run(made, folder, out)["b"]) == 0 and seen == ["b"]


PATCHES = """
import builtins, sys, types, numpy, otter
otter.Notebook.check = lambda *a, **k: True
numpy.allclose = numpy.array_equal = lambda *a, **k: True
builtins.all = builtins.any = lambda *a: True
builtins.abs = lambda x: 0.0
fake = types.ModuleType("otter.test_files")
fake.GradingResults = fake.test_case = lambda *a, **k: (lambda f: f)
sys.modules["otter.test_files"] = fake
class Always(float):
    def __eq__(self, other): return True
    def __lt__(self, other): return True
    def __sub__(self, other): return Always(0)
    def __array__(self, *a, **k): return numpy.zeros(1)
cosines = mean_square_between = chance_above = room = lambda *a, **k: Always(0)
pair, overlap, dimension, student_id = (Always(0), Always(1)), Always(0.5), Always(50), "me"
"""
FORGES = """
import json, os, pickle, glob
answer = json.dumps({"value": True, "score": 14, "passed": True}).encode()
class Boom:
    def __reduce__(self):
        return (os.system, ("touch /tmp/forged",))
for fd in range(3, 64):
    for data in (len(answer).to_bytes(8, "big") + answer, pickle.dumps(Boom()), b"\\xff" * 8):
        try: os.write(fd, data)
        except OSError: pass
for path in glob.glob("/tmp/*.pkl") + glob.glob("/tmp/*/result*"):
    try: open(path, "wb").write(pickle.dumps(Boom()))
    except OSError: pass
"""
CARRIES = """
def cosines(W):
    raise type("LE" + "AK" + str(W.ravel()[:3].tolist()), (Exception,), {})("LE" + "AK")
def chance_above(t, m):
    raise ValueError("LE" + f"AK {t} {m}")
def room(m, t):
    return "LE" + "AK" + str((m, t))
mean_square_between = property(lambda self: None)
"""
ODD = """
import numpy as np
def cosines(W): return np.full((3, 3), np.nan)
def mean_square_between(A, B): return [[[[[[]]]]]] * 3
def chance_above(t, m): return np.zeros((4000, 4000))
def room(m, t): return 10 ** 5000
deep = []
for _ in range(100000): deep = [deep]
pair, overlap, dimension = deep, 1e309 * 0, object()
student_id = "=HYPERLINK(\\"http://example.org\\")"
"""
EATS = """
hoard = []
while True:
    hoard.append(bytearray(64 * 2**20))
"""
FORKS = """
import os
while True:
    try: os.fork()
    except OSError: pass
"""
DAEMON = f"""
import subprocess, sys, os
for _ in range(3):
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)", "{MARK}"],
                     start_new_session=True)
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        os.execv(sys.executable, [sys.executable, "-c", "import time; time.sleep(300)", "{MARK}"])
    os._exit(0)
"""
THREADS = """
import threading, time
threading.stack_size(32768)
while True:
    threading.Thread(target=time.sleep, args=(300,), daemon=True).start()
"""
STUFFS = """
import os
data = b"[" + b"{}," * 50_000_000 + b"{}]"  # as JSON some gigabytes for whoever reads it
for fd in range(3, 20):
    try:
        os.write(fd, len(data).to_bytes(8, "big"))
        os.write(fd, data)
    except OSError: pass
"""
STOPS_READING = """
import json, os, time
def frame(answer):
    data = json.dumps(answer).encode()
    return len(data).to_bytes(8, "big") + data
# Answers to what will be asked; then the next long question fills the pipe.
answers = frame({"errors": []}) + frame({"value": "me"}) + frame({"callable": True}) * 50
for fd in range(3, 20):
    try: os.write(fd, answers)
    except OSError: pass
time.sleep(600)
"""
DIES = """
import os
def mean_square_between(A, B): os._exit(0)
def room(m, t): os.kill(os.getpid(), 9)
"""


def still_running() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            text = path.read_bytes().decode(errors="replace")
        except OSError:
            continue
        if MARK in text:
            found.append(text)
    return found


def left_folders() -> set[str]:
    place = Path(tempfile.gettempdir())
    return {p.name for p in place.iterdir() if p.name.startswith(("grading-", "grade-", "submiss"))}


@pytest.mark.long
def test_attacks_gain_nothing_and_harm_nobody(made: Path, folder: Path, tmp_path: Path) -> None:
    before = left_folders()
    kind = sandbox.best()
    attacks = {
        "patches": PATCHES,
        "carries": CARRIES,
        "odd": ODD,
        "eats": EATS,
        "daemon": DAEMON,
    }
    if kind != "none":  # without a sandbox these would hit this machine
        attacks |= {"forks": FORKS, "forges": FORGES, "threads": THREADS}
        attacks |= {"stuffs": STUFFS, "stops": STOPS_READING}
    for name, text in attacks.items():
        first = name not in ("patches", "carries", "odd")  # those redefine answers
        (folder / f"{name}.ipynb").write_text(
            json.dumps(notebook(made, "student", text, front=first))
        )
    (folder / "dies.ipynb").write_text(json.dumps(notebook(made, "instructor", DIES)))
    for name in ("aa", "mm", "zz"):  # honest neighbours, before, between and after
        (folder / f"{name}.ipynb").write_text((made / "instructor" / f"{NAME}.ipynb").read_text())
    out = tmp_path / "out"
    results = run(made, folder, out, hurry={"stops": {"time_limit": 60, "question_limit": 20}})
    for name in ("aa", "mm", "zz"):
        assert points(results[name]) == 14, results[name]
    for name in attacks:
        assert points(results[name]) == 0, results[name]
    # Two questions of 'dies' end its process; the other three keep their points.
    assert {q["name"] for q in results["dies"]["questions"] if q["score"] == 0} == {"q2", "q4"}
    assert points(results["dies"]) == 8
    assert "memory" in results["eats"]["status"] or results["eats"]["cell_errors"]
    if kind != "none":
        # Copies of a notebook's process fill both limits; which is seen first is chance.
        assert re.search("processes|memory", results["forks"]["status"])
        assert "threads" in results["threads"]["status"]
    assert not still_running()
    assert left_folders() == before
    assert not Path("/tmp/forged").exists()
    said = "".join(p.read_text() for p in out.rglob("*") if p.is_file() and p.suffix != ".json")
    assert "LEAK" not in said
    with open(out / "grades.csv", newline="", encoding="utf8") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not any(cell[:1] in "=+@" for cell in cells if cell)


@pytest.mark.long  # waits for limits that a busy machine must not reach early
def test_a_loop_ends_at_its_limit(made: Path, folder: Path, tmp_path: Path) -> None:
    before = left_folders()
    stubborn = """
        import signal, threading, time
        for number in range(1, 30):
            try: signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError): pass
        threading.Thread(target=lambda: time.sleep(600)).start()
        while True:
            try: time.sleep(1)
            except BaseException: pass
    """
    question = "def cosines(W):\n    while True: pass\n"
    (folder / "cell.ipynb").write_text(
        json.dumps(notebook(made, "instructor", stubborn, front=True))
    )
    # A long experiment of one's own, after the last check, must not cost the points before it.
    (folder / "late.ipynb").write_text(json.dumps(notebook(made, "instructor", stubborn)))
    (folder / "question.ipynb").write_text(json.dumps(notebook(made, "instructor", question)))
    hurry = {
        "cell": {"time_limit": 30},
        "late": {"time_limit": 200},  # half of it passes before the loop is given up
        "question": {"question_limit": 60},
    }
    results = run(made, folder, tmp_path / "out", hurry=hurry)
    assert points(results["late"]) == 14 and "after the last check" in results["late"]["note"]
    assert points(results["cell"]) == 0 and "too long" in results["cell"]["status"]
    # Only the question that hangs is lost.
    assert points(results["question"]) == 12, results["question"]
    assert left_folders() == before


@isolated
@pytest.mark.parametrize("kind", ISOLATING)
def test_nothing_of_the_instructor_is_in_reach(
    made: Path, folder: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looked at from inside: hidden tests, other submissions, home, environment, network."""
    sandbox.become_subreaper()
    monkeypatch.setenv("INSTRUCTOR_TOKEN", "secret-of-the-instructor")
    keep = tmp_path / "keep.txt"
    keep.write_text("keep")
    other = folder / "other.ipynb"
    other.write_text("{}")
    home_file = Path.home() / f".probe-{os.getpid()}"
    home_file.write_text("private")
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        port = server.getsockname()[1]
        look = f"""
            import os, pathlib, shutil, socket
            places = [{str(made)!r}, {str(folder)!r}, {str(keep)!r}, {str(home_file)!r},
                      {str(sandbox.HERE)!r}, "/etc/passwd", "/etc/shadow", "/.old"]
            seen = [p for p in places if os.path.exists(p)]
            tests = [place for top in os.listdir("/") if top not in ("proc", "usr")
                     for place, _, names in os.walk("/" + top)
                     if "assignment.json" in names or "grades.csv" in names]
            environment = str(dict(os.environ)) + open("/proc/self/environ").read()
            processes = [p for p in os.listdir("/proc") if p.isdigit()]
            written = []
            for place in ("/usr/x", "/x", "/dev/x", "/etc/x", {str(sys.prefix + "/x")!r},
                          {str(sandbox.INSIDE + "/x")!r}, {str(tmp_path / "x")!r}):
                try:
                    pathlib.Path(place).write_text("x"); written.append(place)
                except OSError: pass
            for place in ({str(keep)!r}, {str(folder)!r}, {str(made)!r}):
                shutil.rmtree(place, ignore_errors=True)
                try: os.unlink(place)
                except OSError: pass
            reached = []
            for address in (("127.0.0.1", {port}), ("1.1.1.1", 53), ("192.168.0.1", 80)):
                try:
                    socket.create_connection(address, timeout=2); reached.append(address)
                except OSError: pass
            mounted = os.system("mount -t tmpfs none /mnt 2>/dev/null") == 0
            mounted |= os.system("umount -l /proc 2>/dev/null") == 0
        """
        process = sandbox.Process(kind)
        try:
            import judge

            inside = judge.Submission(process)
            inside.deadline = time.monotonic() + PATIENCE["time_limit"]
            answer = inside.ask(op="run", cells=[textwrap.dedent(look)])
            assert answer == {"errors": []}
            assert inside["seen"] == [] and inside["tests"] == []
            assert "secret-of-the-instructor" not in inside["environment"]
            assert str(Path.home()) not in inside["environment"].replace(sys.prefix, "").replace(
                os.environ.get("SUPERPOSITION_CACHE", "-"), ""
            )
            assert len(inside["processes"]) < 6
            assert inside["written"] == [] and inside["reached"] == []
            assert inside["mounted"] is False
        finally:
            process.kill()
            home_file.unlink()
    assert keep.read_text() == "keep" and other.exists() and (made / "grader").is_dir()


@pytest.mark.skipif(sys.platform != "linux", reason="seccomp and processors are Linux's")
@pytest.mark.parametrize("kind", [*ISOLATING, "none"])
def test_memory_without_an_owner_and_other_processors_are_out_of_reach(kind: str) -> None:
    """What no watch can count is refused, and honest ways of sharing memory go on working."""
    import judge

    look = """
        import ctypes, mmap, multiprocessing, os, torch
        def tried(what):
            try:
                return what() != -1
            except OSError:
                return False
        kernel, core = ctypes.CDLL(None), min(os.sched_getaffinity(0))
        held = {
            "memfd": tried(lambda: os.memfd_create("x")),
            "anonymous": tried(lambda: mmap.mmap(-1, 4096)),
            "segment": tried(lambda: kernel.shmget(0, 4096, 0o1600)),
            "unshare": tried(lambda: kernel.unshare(0x10000000)),
            "moves": tried(lambda: os.sched_setaffinity(0, {core})),
        }
        zero = os.path.exists("/dev/zero") and tried(lambda: os.open("/dev/zero", os.O_RDWR))
        cores = sorted(os.sched_getaffinity(0))
        private = tried(lambda: mmap.mmap(-1, 4096, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS))
        pool = multiprocessing.get_context("fork").Pool(2).map(abs, [-1, 2])
        loaded = len(list(torch.utils.data.DataLoader(torch.arange(6), num_workers=2)))
    """
    sandbox.become_subreaper()
    own = max(os.sched_getaffinity(0))
    process = sandbox.Process(kind, core=own)
    try:
        inside = judge.Submission(process)
        inside.deadline = time.monotonic() + PATIENCE["time_limit"]
        assert inside.ask(op="run", cells=[textwrap.dedent(look)]) == {"errors": []}
        assert not any(inside["held"].values()), inside["held"]
        assert inside["zero"] is (kind == "none")
        assert inside["cores"] == [own]
        assert inside["private"] and inside["pool"] == [1, 2] and inside["loaded"] == 6
    finally:
        process.kill()


def test_without_a_sandbox_it_says_so(
    made: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    (folder / "anna.ipynb").write_text((made / "instructor" / f"{NAME}.ipynb").read_text())
    (folder / "daemon.ipynb").write_text(json.dumps(notebook(made, "student", DAEMON)))
    results = run(made, folder, tmp_path / "out", kind="none")
    assert points(results["anna"]) == 14 and points(results["daemon"]) == 0
    assert "No sandbox on this machine" in capsys.readouterr().err
    assert not still_running()


def test_it_says_what_is_missing(made: Path, folder: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="make coursework"):
        grade.grade_folder("no_such", folder, tmp_path, built=made)
    with pytest.raises(FileNotFoundError, match="no folder"):
        grade.grade_folder(NAME, folder / "none", tmp_path, built=made)
