"""Finds what students handed in, as the learning platforms deliver it: one entry a student."""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

MAX_NOTEBOOK_MB = 20
# Files that platforms and systems add to a folder of submissions; no student's work.
NOT_HANDED_IN = {"submission_metadata.yml", "thumbs.db", "desktop.ini"}


@dataclass
class Entry:
    name: str
    notebook: Path | None  # a file to grade, or None with the reason why there is none
    reason: str = ""
    note: str = ""
    file: str = ""  # what it is called in the folder of submissions


def collect(folder: Path, scratch: Path, assignment: str = "") -> list[Entry]:
    """One entry a student, sorted by file name; zips are unpacked (their notebook only) to
    `scratch`. Whatever is wrong with one of them is its own reason, never an error."""
    entries, others = [], []
    for path in sorted(folder.iterdir()):
        if path.name.startswith((".", "__")) or path.name.lower() in NOT_HANDED_IN:
            continue
        entry = _entry(path, assignment, scratch)
        entry.file = readable(path.name)
        known = path.is_dir() or _kind(path.name) in ("ipynb", "zip")
        (entries if known else others).append(entry)
    # A file of another kind has a row of its own, so that nobody is missing from the table; but
    # not where it lies beside the same student's notebook.
    names = {entry.name for entry in entries}
    entries += [entry for entry in others if entry.name not in names]
    return _distinct(sorted(entries, key=lambda entry: entry.file))


def readable(name: str) -> str:
    """A file's name as text that can be written: not every byte of a name is a character."""
    return name.encode("utf8", "replace").decode()


def _distinct(entries: list[Entry]) -> list[Entry]:
    """Two hand-ins of one name (anna.ipynb, anna.zip) both stay, under their whole names."""
    count, used = Counter(entry.name for entry in entries), Counter[str]()
    for entry in entries:
        if count[entry.name] > 1:
            entry.name, entry.note = entry.file, "there is another submission of this name"
        used[entry.name] += 1
        if used[entry.name] > 1:
            entry.name += f" ({used[entry.name]})"
    return entries


def _kind(name: str) -> str:
    """'ipynb', 'zip' or ''. Some browsers save a notebook as NAME.ipynb.txt or .json."""
    match = re.search(r"\.(ipynb|zip)(\.txt|\.json)?$", name, re.I)
    return match.group(1).lower() if match else ""


def _entry(path: Path, assignment: str, scratch: Path) -> Entry:
    name = readable(path.name)
    if path.is_dir() and not path.is_symlink():
        return _from_folder(path, assignment, scratch)
    name = re.sub(r"(\.(ipynb|zip)(\.txt|\.json)?|\.\w+)$", "", name, flags=re.I) or name
    if path.is_symlink() or not path.is_file():  # a link could hand in another student's work
        return Entry(name, None, "a link or a device, not a file")
    if _kind(path.name) == "ipynb":
        return _notebook(name, path)
    if _kind(path.name) == "zip":
        return _unzip(name, path, assignment, scratch)
    return Entry(name, None, f"a file '{readable(path.suffix)}' where a notebook was expected")


def _notebook(name: str, path: Path, note: str = "") -> Entry:
    if path.stat().st_size > MAX_NOTEBOOK_MB * 2**20:
        return Entry(name, None, f"the file is larger than {MAX_NOTEBOOK_MB} MB")
    return Entry(name, path, note=note)


def _from_folder(folder: Path, assignment: str, scratch: Path) -> Entry:
    found: dict[str, list[Path]] = {"ipynb": [], "zip": []}
    for path in sorted(folder.rglob("*")):
        if _kind(path.name) and path.is_file() and not path.is_symlink():
            inside = path.relative_to(folder)
            if not any(part.startswith((".", "__")) for part in inside.parts):
                found[_kind(path.name)].append(path)
    name, notebooks = readable(folder.name), found["ipynb"]
    if not notebooks and len(found["zip"]) == 1:  # Moodle puts each upload into a folder
        return _unzip(name, found["zip"][0], assignment, scratch)
    chosen, note = _choose([p.name for p in notebooks], assignment)
    return _notebook(name, notebooks[chosen], note) if chosen >= 0 else Entry(name, None, note)


def _choose(names: list[str], assignment: str) -> tuple[int, str]:
    """Which of several notebooks is meant, and what to note; -1 and the reason if none is."""
    if len(names) == 1:
        return 0, ""
    plain = [re.sub(r"[\W_]+", "", name).lower() for name in names]
    wanted = re.sub(r"[\W_]+", "", assignment).lower()
    meant = [k for k, name in enumerate(plain) if wanted and wanted in name]
    if len(meant) == 1:
        return meant[0], f"one of {len(names)} notebooks, chosen by its name"
    return -1, f"{len(names)} notebooks where one was expected"


def _unzip(name: str, path: Path, assignment: str, scratch: Path) -> Entry:
    try:
        with zipfile.ZipFile(path) as archive:
            inside = [
                item
                for item in archive.infolist()
                if _kind(item.filename) == "ipynb" and not re.search(r"(^|/)[._]", item.filename)
            ]
            chosen, note = _choose([item.filename for item in inside], assignment)
            if chosen < 0:
                return Entry(name, None, note)
            with archive.open(inside[chosen]) as file:  # never extract(): names may point elsewhere
                data = file.read(MAX_NOTEBOOK_MB * 2**20 + 1)
    except Exception:  # damaged and encrypted archives raise errors of many libraries
        return Entry(name, None, "the zip file cannot be read")
    target = scratch / f"{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}.ipynb"
    target.write_bytes(data)
    return _notebook(name, target, note)


def digest(paths: Iterable[Path | None], extra: str = "") -> str:
    """One checksum over files (all of them small: see MAX_NOTEBOOK_MB) and a text."""
    total = hashlib.sha256(extra.encode("utf8", "replace"))
    for path in paths:
        if path is not None and path.is_file():
            total.update(path.read_bytes())
    return total.hexdigest()
