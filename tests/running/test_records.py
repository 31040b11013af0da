"""Committed records say where they are from, and a campaign goes on where it was stopped."""

from __future__ import annotations

from pathlib import Path

import pytest

from superposition.running import campaign, records
from superposition.toy import summary

HEAD = "n,loss,command,commit,engine_version,machine,date\n"
CAMPAIGN = """
run = "superposition.toy.summary:summarise"
[fixed]
n = 12
alpha = 1.0
steps = 20
check = false
[axes]
m = [2, 3]
weight_decay = [-1.0, 0.3]
bias_start = ["normal"]
"""


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


def test_a_campaign_skips_what_has_its_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "tiny.toml"
    file.write_text(CAMPAIGN, encoding="utf8")
    assert campaign.run(file, folder=tmp_path) == 4
    rows = records.load("tiny", path=tmp_path / "tiny.csv")
    assert [(row["m"], row["weight_decay"]) for row in rows] == [
        (2, -1),
        (2, 0.3),
        (3, -1),
        (3, 0.3),
    ]
    assert campaign.run(file, folder=tmp_path) == 0, "all have their row"
    file.write_text(CAMPAIGN.replace("[2, 3]", "[2, 3, 4]"), encoding="utf8")
    assert campaign.run(file, folder=tmp_path) == 2, "only what is new"
    monkeypatch.setattr(summary, "ENGINE_VERSION", 99)
    assert campaign.run(file, folder=tmp_path) == 6, "another engine, other numbers"
    file.write_text(CAMPAIGN.replace('run = "', 'ran = "'), encoding="utf8")
    with pytest.raises(ValueError, match="names no function"):
        campaign.run(file, folder=tmp_path)
