"""Run a file of specs; a run that has its row is skipped, so an interrupted campaign goes on.

    python -m superposition.running.campaign campaigns/NAME.toml

The file names a function, `run = "superposition.toy.summary:summarise"`, settings that are the
same for all under [fixed], and lists whose combinations are the runs under [axes]. The function
takes them as keywords and returns what it measured; its module has an ENGINE_VERSION. Rows go to
records/NAME.csv.
"""

from __future__ import annotations

import argparse
import datetime
import importlib
import itertools
import platform
import subprocess
import tomllib
from pathlib import Path
from typing import Any

from superposition.running import records


def specs(campaign: dict[str, Any]) -> list[dict[str, Any]]:
    """The settings of each run: every combination of the axes, with what is fixed."""
    axes = campaign.get("axes", {})
    return [
        campaign.get("fixed", {}) | dict(zip(axes, values, strict=True))
        for values in itertools.product(*axes.values())
    ]


def run(file: Path, *, folder: Path | None = None) -> int:
    """Run what has no row yet in FOLDER/NAME.csv; how many that were."""
    campaign = tomllib.loads(file.read_text(encoding="utf8"))
    if "run" not in campaign:
        raise ValueError(f'{file.name} names no function: add run = "module:function"')
    module_name, _, function_name = campaign["run"].partition(":")
    module = importlib.import_module(module_name)
    function, version = getattr(module, function_name), str(module.ENGINE_VERSION)
    output = (folder or records.folder()) / f"{file.stem}.csv"
    done = records.load(file.stem, path=output) if output.exists() else []
    count = 0
    for settings in specs(campaign):
        if any(_is_of(row, settings, version) for row in done):
            continue
        measured = function(**settings)
        records.append(output, settings | measured | _provenance(file, version))
        count += 1
    return count


def _is_of(row: dict[str, str | float], settings: dict[str, Any], version: str) -> bool:
    same = all(row.get(key) == records.parsed(str(value)) for key, value in settings.items())
    return same and row["engine_version"] == version


def _provenance(file: Path, version: str) -> dict[str, str]:
    git = ["git", "-C", str(file.resolve().parent), "describe", "--always", "--dirty", "--abbrev=9"]
    commit = subprocess.run(git, capture_output=True, text=True, check=False).stdout.strip()
    values = (
        f"python -m superposition.running.campaign campaigns/{file.name}",
        commit or "unknown",
        version,
        f"{platform.machine()} {platform.system()}",
        datetime.date.today().isoformat(),
    )
    return dict(zip(records.PROVENANCE, values, strict=True))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("file", type=Path)
    print(f"{run(parser.parse_args().file)} runs added")
