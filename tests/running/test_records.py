"""Committed records say where they are from."""

from __future__ import annotations

from pathlib import Path

import pytest

from superposition.running import records

HEAD = "n,loss,command,commit,engine_version,machine,date\n"


def test_rows_are_read_and_numbers_are_numbers(tmp_path: Path) -> None:
    file = tmp_path / "some.csv"
    file.write_text(HEAD + "12,0.5,make it,abc123,1,x86_64,2026-11-24\n", encoding="utf8")
    (row,) = records.load("some", path=file)
    assert (row["n"], row["loss"], row["engine_version"]) == (12.0, 0.5, "1")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("n,loss\n12,0.5\n", "lacks the columns.*command"),
        (HEAD + "12,0.5,make it,,1,x86_64,2026-11-24\n", "line 2.*commit"),
        (HEAD + "12,0.5,make it\n", "line 2"),
        (HEAD + "12,0.5,make it,abc123,1,x86_64,2026-11-24,more\n", "line 2"),
    ],
)
def test_a_record_that_is_not_whole_is_refused(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "some.csv"
    file.write_text(text, encoding="utf8")
    with pytest.raises(ValueError, match=says):
        records.load("some", path=file)
    with pytest.raises(FileNotFoundError, match=r"no records 'other'.*\['some'\]"):
        records.load("other", path=tmp_path / "other.csv")


def test_a_row_is_added_under_the_columns_that_are_there(tmp_path: Path) -> None:
    file = tmp_path / "some.csv"
    row = dict.fromkeys(HEAD.strip().split(","), "1")
    records.append(file, row)
    records.append(file, dict(reversed(row.items())) | {"loss": 0.25})
    assert file.read_text(encoding="utf8").startswith(HEAD)
    assert [row["loss"] for row in records.load("some", path=file)] == [1, 0.25]
    with pytest.raises(ValueError, match="has the columns"):
        records.append(file, row | {"width": 3})
