"""Committed summaries of runs that no page can repeat: records/*.csv, one row a model.

Their home is records/ at the top of the repository; an installed package carries a copy.
"""

from __future__ import annotations

import csv
import sysconfig
from pathlib import Path

PROVENANCE = ("command", "commit", "engine_version", "machine", "date")  # every row has them


def folder() -> Path:
    """Where the records are: in the checkout, or beside the installed package."""
    above = Path(__file__).parents
    if (above[3] / "pyproject.toml").exists():
        return above[3] / "records"
    # pip puts them below where it puts the package: an environment, --user's home, a --target.
    below = Path("share") / "superposition" / "records"
    places = [place / below for place in (*above, Path(sysconfig.get_path("data")))]
    return next((place for place in places if place.is_dir()), places[-1])


def load(name: str, *, path: Path | None = None) -> list[dict[str, str | float]]:
    """The rows of records/NAME.csv, or of the file at `path`; what reads as a number is one.

    Raises FileNotFoundError without the file, and ValueError where a row says not where it is from.
    """
    file = path or folder() / f"{name}.csv"
    if not file.is_file():
        there = sorted(p.stem for p in file.parent.glob("*.csv"))
        raise FileNotFoundError(f"no records {name!r} in {file.parent}: there are {there}")
    with file.open(encoding="utf8", newline="") as lines:
        reader = csv.DictReader(lines)
        missing = [column for column in PROVENANCE if column not in (reader.fieldnames or ())]
        if missing:
            raise ValueError(f"{file.name} lacks the columns {missing}: every row needs them")
        rows = list(reader)
    for number, row in enumerate(rows, start=2):
        empty = [column for column in PROVENANCE if not row[column]]
        if empty or None in row or None in row.values():
            raise ValueError(f"{file.name}, line {number}: {empty or 'cells'} missing or too many")
    return [
        {key: value if key in PROVENANCE else parsed(value) for key, value in row.items()}
        for row in rows
    ]


def parsed(text: str) -> str | float:
    """A cell as a number, if it reads as one."""
    try:
        return float(text)
    except ValueError:
        return text


def append(file: Path, row: dict[str, object]) -> None:
    """Add a row; the first makes the file and its columns."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = not file.exists()
    if not new:
        with file.open(encoding="utf8", newline="") as lines:
            columns = next(csv.reader(lines))
        if set(columns) != set(row):
            raise ValueError(f"{file.name} has the columns {columns}, not {sorted(row)}")
    with file.open("a", encoding="utf8", newline="") as lines:
        writer = csv.DictWriter(lines, list(row) if new else columns, lineterminator="\n")
        if new:
            writer.writeheader()
        writer.writerow(row)
