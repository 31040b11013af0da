"""What grading writes: grades.csv, a feedback file a student, and the written answers to read.

People work in these files: they fill in the points of written questions in grades.csv and make
notes in the others. So nothing here writes over what a person changed.
"""

from __future__ import annotations

import base64
import contextlib
import csv
import hashlib
import io
import json
import re
from collections import Counter
from pathlib import Path

from submissions import Entry, digest

NO_ID = "your-id"  # as it stands in the notebooks handed out
NOT_ANSWERED = "_Type your answer here, replacing this text._"  # otter's words
MAX_OUTPUT = 4000  # characters of one cell's output that a sheet shows
MAX_FIGURES, MAX_FIGURE = 12, 3 * 2**20  # a question; bytes


class Writer:
    """Writes files under `out`, and knows which of the older ones a person has changed since."""

    def __init__(self, out: Path) -> None:
        self.out, self._list = out, out / ".results" / "written.json"
        try:
            known = json.loads(self._list.read_text())
        except (OSError, ValueError):
            known = {"files": {}, "handed_in": {}}
        self._before: dict[str, str] = known["files"]
        self._handed_in: dict[str, str] = known["handed_in"]
        self._now: dict[str, str] = {}

    def write(self, name: str, data: str | bytes) -> None:
        path = self.out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        data = data.encode("utf8", "replace") if isinstance(data, str) else data
        mark = hashlib.sha256(data).hexdigest()
        if path.exists() and self._changed(name) and self._before.get(name) == mark:
            self._now[name] = mark  # nothing new to say: their version stays
            return
        if path.exists() and self._changed(name) and path.read_bytes() != data:
            path.replace(path.with_name(f"{path.stem}.earlier{path.suffix}"))
        path.write_bytes(data)
        self._now[name] = mark

    def changed_hand_ins(self, handed_in: dict[str, str]) -> set[str]:
        """Names whose notebook is another than when these files were last written."""
        return {k for k, v in handed_in.items() if self._handed_in.get(k, v) != v}

    def close(self, handed_in: dict[str, str] | None = None) -> None:
        """Remove files of students who are gone, unless somebody wrote in them."""
        for name in set(self._before) - set(self._now):
            if not self._changed(name):
                (self.out / name).unlink(missing_ok=True)
        self._list.write_text(json.dumps({"files": self._now, "handed_in": handed_in or {}}))

    def _changed(self, name: str) -> bool:
        path = self.out / name
        if not path.exists():
            return False
        return hashlib.sha256(path.read_bytes()).hexdigest() != self._before.get(name)


def write_all(grades: list[dict], entries: list[Entry], info: dict, out: Path) -> None:
    writer = Writer(out)
    handed_in = {entry.name: digest([entry.notebook], entry.reason) for entry in entries}
    points = read_points(out / "grades.csv", info, writer.changed_hand_ins(handed_in))
    files = file_names([entry.name for entry in entries])
    writer.write("grades.csv", table(grades, info, points))
    for entry, grade in zip(entries, grades, strict=True):
        given = points.get(_plain(entry.name), {})
        writer.write(f"feedback/{files[entry.name]}.md", feedback(grade, info, given))
        write_sheet(entry, info, writer, files[entry.name])
    writer.close(handed_in)


def read_points(path: Path, info: dict, regraded: set[str]) -> dict[str, dict[str, str]]:
    """By student and question: what a reader has filled in for written questions so far.

    A '?' is added where the hand-in has changed since, until the reader takes it away.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
        heading = text.partition("\n")[0]
        rows = list(csv.DictReader(io.StringIO(text), delimiter=max(",;\t", key=heading.count)))
    except (OSError, UnicodeDecodeError, csv.Error):  # in another encoding: kept as .earlier
        return {}
    changed = {_plain(name) for name in regraded}
    written = [q["name"] for q in info["questions"] if q["manual"]]
    points: dict[str, dict[str, str]] = {}
    for row in rows:
        student = row.get("student") or ""
        for name in written:
            value = (row.get(f"{name}_written") or "").strip()
            if value and student in changed:
                value = value.rstrip("?") + "?"
            if value:
                points.setdefault(student, {})[name] = value
    return points


def number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def table(grades: list[dict], info: dict, points: dict[str, dict[str, str]]) -> str:
    """One row a student. The points of written questions are a reader's; `total` waits for them."""
    ids = Counter(g["student_id"] for g in grades if g["student_id"])
    written = [q["name"] for q in info["questions"] if q["manual"]]
    names = [q["name"] + ("_written" if q["manual"] else "") for q in info["questions"]]
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(
        [
            "student",
            "student_id",
            *names,
            "automatic",
            "automatic_of",
            "total",
            "total_of",
            "status",
            "note",
            "seconds",
            "peak_mb",
        ]
    )
    for grade in grades:
        scores = {q["name"]: q["score"] for q in grade["questions"]}
        given = points.get(_plain(grade["submission"]), {})
        read = [number(given.get(name, "")) for name in written]
        total = "" if None in read else f"{sum(scores.values()) + sum(filter(None, read)):g}"
        cells = [
            given.get(q["name"], "") if q["manual"] else scores.get(q["name"], 0)
            for q in info["questions"]
        ]
        notes = [grade.get("note", "")]
        if grade["student_id"] == NO_ID:
            notes.append("no student_id was filled in")
        elif ids[grade["student_id"]] > 1:
            notes.append("the same student_id as another submission")
        if any("?" in value for value in given.values()):
            notes.append("points with a ? are of an earlier hand-in")
        rows.writerow(
            [
                _plain(grade["submission"]),
                _plain(grade["student_id"]),
                *cells,
                f"{sum(scores.values()):g}",
                f"{_possible(info):g}",
                total,
                f"{sum(q['points'] for q in info['questions']):g}",
                _plain(grade["status"]),
                _plain("; ".join(filter(None, notes))),
                f"{grade['seconds']:.1f}",
                f"{grade['peak_mb']:.0f}",
            ]
        )
    return file.getvalue()


def feedback(grade: dict, info: dict, given: dict[str, str]) -> str:
    """What the student gets back: points, public outcomes, hints. No text of a hidden test."""
    total = sum(q["score"] for q in grade["questions"])
    lines = [f"# {info['name']} · {_plain(grade['submission'])}", ""]
    lines += [f"Automatic questions: **{total:g} of {_possible(info):g}** points.", ""]
    if grade["status"] != "graded":
        lines += [f"Not graded to the end: {_plain(grade['status'])}.", ""]
    if grade.get("note"):
        lines += [f"Note: {_plain(grade['note'])}.", ""]
    if grade["cell_errors"]:
        lines += ["These cells stopped with an error when the notebook was run from the top:", ""]
        for error in grade["cell_errors"]:
            lines.append(f"- code cell {error['cell']}: `{_plain(error['error'])}`")
        lines.append("")
    results = {q["name"]: q for q in grade["questions"]}
    for question in info["questions"]:
        name, possible = question["name"], f"{question['points']:g}"
        if question["manual"]:
            mark = number(given.get(name, ""))
            by = "read by a person"
            got = f"{possible} points" if mark is None else f"{mark:g} of {possible}"
            lines += [f"## {name} · {by} ({got})", ""]
            continue
        result = results.get(name)
        lines += [f"## {name} · {result['score'] if result else 0:g} of {possible}", ""]
        if result:
            for kind in ("public", "hidden"):
                passed, of = result[kind]
                lines.append(f"- {kind} checks passed: {passed} of {of}")
            lines += [f"- {note}" for note in result["notes"]]
            lines.append("")
    return "\n".join(lines)


def write_sheet(entry: Entry, info: dict, writer: Writer, file: str) -> None:
    """For the reader of the written questions: each answer above its rubric, with its figures.

    Answers stand in quotes, so that none can pass for a heading, a rubric or a mark.
    """
    written = [q for q in info["questions"] if q["manual"]]
    if not written:
        return
    found = answers(entry, info)
    lines = [f"# {info['name']} · {_plain(entry.name)} · written questions", ""]
    for question in written:
        name, figures = question["name"], 0
        lines += [f"## {name} · {question['points']:g} points", ""]
        for part in found.get(name, ["_(no answer found)_"]):
            if isinstance(part, bytes):
                figures += 1
                place = f"figures/{file}-{name}-{figures}.png"
                writer.write(f"written/{place}", part)
                part = f"![{name}, figure {figures}](<{place}>)"
            lines += [*(f"> {line}" for line in part.splitlines()), ""]
        if question.get("rubric"):
            lines += [question["rubric"], ""]
    writer.write(f"written/{file}.md", "\n".join(lines))


def answers(entry: Entry, info: dict) -> dict[str, list[str | bytes]]:
    """By written question: the cells up to the next of the assignment's headings, with outputs."""
    rubrics = {q["name"]: q.get("rubric", "") for q in info["questions"]}
    found: dict[str, list[str | bytes]] = {}
    try:
        cells = json.loads(entry.notebook.read_text(encoding="utf8"))["cells"]  # type: ignore[union-attr]
        current = ""
        for cell in cells:
            text = "".join(cell["source"]).replace(NOT_ANSWERED, "")
            mark = re.search(r"<!-- question (\w+) -->", text)
            if mark:
                current = mark.group(1)
                # Some write below the rubric, into the question's own cell.
                below = text.partition(rubrics.get(current) or text)[2].strip()
                found[current] = [below] if below else []
            elif text.partition("\n")[0] in info.get("headings", []):
                current = ""
            elif current and cell["cell_type"] == "markdown" and text.strip():
                found[current].append(text)
            elif current and cell["cell_type"] == "code" and text.strip():
                found[current].append(f"```python\n{text}\n```")
                with contextlib.suppress(ValueError, TypeError, AttributeError):
                    found[current] += outputs(cell)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        pass  # whatever could be read until there
    return {name: _few_figures(parts) for name, parts in found.items() if parts}


def outputs(cell: dict) -> list[str | bytes]:
    """What a cell had put out when it was saved: its text, shortened, and its figures."""
    text, figures = "", []
    for out in cell.get("outputs", []):
        data = out.get("data", {})
        if "image/png" in data:
            image = base64.b64decode("".join(data["image/png"]))
            if image.startswith(b"\x89PNG") and len(image) <= MAX_FIGURE:
                figures.append(image)
                continue
        text += "".join(out.get("text", "") or data.get("text/plain", "")) + "\n"
    text = re.sub(r"[^\n]*\r(?!\n)|\x1b\[[0-9;]*m", "", text).strip("\n")  # bars, colours
    text = text[:MAX_OUTPUT] + (" …" if len(text) > MAX_OUTPUT else "")
    shown = [f"```text\n{text.replace('```', '')}\n```"] if text.strip() else []
    return [*shown, *figures]


def _few_figures(parts: list[str | bytes]) -> list[str | bytes]:
    figures = [part for part in parts if isinstance(part, bytes)][:MAX_FIGURES]
    return [part for part in parts if isinstance(part, str) or part in figures]


def file_names(names: list[str]) -> dict[str, str]:
    """A file name for each student, all different also where capitals do not count."""
    files: dict[str, str] = {}
    used: set[str] = set()
    for name in names:
        file = re.sub(r"[^\w.-]+", "_", name).lstrip(".")[:100] or "student"
        while file.lower() in used:
            file += "_"
        used.add(file.lower())
        files[name] = file
    return files


def _possible(info: dict) -> float:
    return sum(q["points"] for q in info["questions"] if not q["manual"])


def _plain(text: str) -> str:
    """One line, and nothing a spreadsheet would run as a formula."""
    text = str(text).encode("utf8", "replace").decode()
    text = re.sub(r"[\x00-\x1f\x7f-\x9f\u2028\u2029`|<>]+", " ", text).strip()
    return "'" + text if text[:1] in "=+-@" and text else text
