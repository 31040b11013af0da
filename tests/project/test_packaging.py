"""The package, its pins and the other lists of versions agree; the module stays small."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import nbformat
import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import book
import notebook_rules as rules

PROJECT = tomllib.loads((book.ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
OWN = [Requirement(text) for text in PROJECT["dependencies"]]
EXTRAS = [Requirement(t) for extra in PROJECT["optional-dependencies"].values() for t in extra]
MODULE = book.ROOT / "src" / "superposition"


def pins(name: str) -> dict[str, str]:
    """{package: version} of a file in which every line is a comment or name==version."""
    lines = (book.ROOT / name).read_text(encoding="utf8").splitlines()
    found = {}
    for line in lines:
        if line and not line.startswith("#"):
            match = re.fullmatch(r"([A-Za-z0-9._-]+)==([A-Za-z0-9.]+)", line)
            assert match, f"{name}: not an exact, plain pin: {line!r}"
            package = canonicalize_name(match[1])
            assert package not in found, f"{name} pins {package} twice"
            found[package] = match[2]
    return found


def missed(requirements: list[Requirement], versions: dict[str, str]) -> list[str]:
    """The requirements that a set of versions does not meet."""
    return [
        str(requirement)
        for requirement in requirements
        if not requirement.specifier.contains(
            versions.get(canonicalize_name(requirement.name), "0"), prereleases=True
        )
    ]


def test_the_pins_meet_every_requirement() -> None:
    assert missed(OWN + EXTRAS, pins("constraints.txt")) == []


def test_colab_meets_the_packages_own_requirements() -> None:
    """So that pip, in a page's first cell, has no reason to replace anything there."""
    assert missed(OWN, pins("tests/colab.txt")) == []


def imported(tree: ast.Module) -> set[str]:
    """What a piece of Python imports, at its top or within a function, as dotted names."""
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (f"{node.module}." if node.module else "")
            names |= {start + alias.name for alias in node.names}
    return names


def test_whatever_module_and_chapters_import_comes_with_the_package() -> None:
    """Colab has more packages than that; who installs the package alone has not."""
    known = {canonicalize_name(requirement.name) for requirement in OWN}
    known |= {
        canonicalize_name(Requirement(text).name)
        for name in known
        for text in metadata.requires(name) or []
        if "extra ==" not in text
    }
    trees = {str(path): [ast.parse(path.read_text("utf8"))] for path in MODULE.rglob("*.py")}
    for page in book.chapters():
        notebook = nbformat.read(book.ROOT / f"{page}.ipynb", as_version=4)
        trees[page] = [rules.tree(cell) for cell in notebook.cells if cell.cell_type == "code"]
    found = metadata.packages_distributions()
    for where, parts in trees.items():
        tops = {name.split(".")[0] for part in parts for name in imported(part)}
        for top in tops - {*sys.stdlib_module_names, "superposition", ""}:
            assert canonicalize_name(found.get(top, [top])[0]) in known, f"{where} imports {top}"


def test_an_unmet_requirement_is_found() -> None:
    assert missed([Requirement("torch>=99"), Requirement("numpy")], {"torch": "2.13.0"}) == [
        "torch>=99"
    ]


def test_this_environment_is_the_pinned_one() -> None:
    """Every package that the book's own tools need, indirectly too, is here as pinned."""
    pinned, wanted, seen = pins("constraints.txt"), list(OWN + EXTRAS), set()
    drifted = {}
    while wanted:
        requirement = wanted.pop()
        name, extras = canonicalize_name(requirement.name), requirement.extras or {""}
        if (name, *sorted(extras)) in seen:
            continue
        seen.add((name, *sorted(extras)))
        here = metadata.version(name)
        if Version(here).public != pinned.get(name):
            drifted[name] = (here, pinned.get(name))
        for inner in map(Requirement, metadata.requires(name) or []):
            if not inner.marker or any(inner.marker.evaluate({"extra": extra}) for extra in extras):
                wanted.append(inner)
    assert drifted == {}
    assert len(seen) > 100


def test_the_oldest_releases_that_are_tried_are_the_ranges_lower_ends() -> None:
    """tools/versions.py, which `make versions` runs: each range at its lower end, torch pinned."""
    spec = importlib.util.spec_from_file_location("versions", book.ROOT / "tools" / "versions.py")
    assert spec and spec.loader
    versions = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(versions)
    oldest = {line.split("==")[0]: line for line in versions.requirements("oldest")}
    assert oldest["torch"] == f"torch=={pins('constraints.txt')['torch']}"
    for own in OWN:
        (bound,) = [part for part in own.specifier if part.operator == ">="]
        if own.name != "torch":
            assert oldest[own.name] == f"{own.name}=={bound.version}.*"
            assert str(own) in versions.requirements("newest")


def test_conda_and_binder_get_the_pinned_versions() -> None:
    environment = yaml.safe_load((book.ROOT / "environment.yml").read_text(encoding="utf8"))
    pinned = pins("constraints.txt")
    named = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    versions = dict(entry.split("=")[:2] for entry in named if "=" in entry)
    python = versions.pop("python")
    assert f">={python}" == PROJECT["requires-python"]
    torch = versions.pop("pytorch")  # conda's name for it
    assert torch == pinned["torch"]
    assert {name: pinned[name] for name in versions} == versions
    assert any(entry.startswith("pytorch=") and "=cpu" in entry for entry in named)
    assert pip[0] == "-c constraints.txt", "pip takes its versions from the pins"
    extras = re.fullmatch(r"-e \.\[([\w,]+)\]", pip[1])
    assert extras and set(extras[1].split(",")) <= set(PROJECT["optional-dependencies"])
    assert all(re.fullmatch(r"[\w.-]+", entry) for entry in pip[2:]), "a version beside the pins"


def test_the_repository_is_the_one_that_the_config_names() -> None:
    """One address, in _config.yml; whatever else mentions it says the same."""
    owner, name = book.REPOSITORY.removeprefix("https://github.com/").split("/")
    other = []
    for path in book.tracked():
        text = (book.ROOT / path).read_bytes().decode("utf8", errors="ignore")
        for found in re.findall(r"github(?:usercontent)?\.com/([\w-]+/[\w.-]*\w)", text):
            if found != f"{owner}/{name}" and found.endswith(("/superposition-book", f"/{name}")):
                other.append((path, found))
    assert other == []
    citation = yaml.safe_load((book.ROOT / "CITATION.cff").read_text(encoding="utf8"))
    assert citation["repository-code"] == book.REPOSITORY


def test_the_citation_has_what_the_format_requires_and_cites_the_paper() -> None:
    citation = yaml.safe_load((book.ROOT / "CITATION.cff").read_text(encoding="utf8"))
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    assert citation["title"] == book.CONFIG["title"]
    assert citation["version"] == PROJECT["version"]
    assert any(
        identifier["value"] == "arXiv:2505.10465"
        for reference in citation["references"]
        for identifier in reference.get("identifiers", [])
    )


def test_formatting_is_never_switched_off() -> None:
    off = re.compile("# *fmt" + ": *(skip|off)")  # in two parts, or this line would be found
    paths = [path for path in book.tracked() if path.endswith(".py")]
    assert [path for path in paths if off.search((book.ROOT / path).read_text("utf8"))] == []


def paths_named(page: str) -> list[str]:
    """What ARCHITECTURE.md calls a file or a folder, by its slash or its ending."""
    return re.findall(r"`((?:[\w.]+/)+|(?:[\w.]+/)*[\w]+\.(?:py|js|toml))`", page)


def test_the_map_names_only_what_is_there() -> None:
    text = (book.ROOT / "ARCHITECTURE.md").read_text(encoding="utf8")
    named = paths_named(text)
    places = {f"/{path}" for path in book.tracked()}
    places |= {f"{parent}/" for path in places for parent in Path(path).parents}
    lost = [name for name in named if not any(place.endswith(f"/{name}") for place in places)]
    assert len(named) > 40 and lost == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from a copy, so that no build folder is left in the tree."""
    folder = tmp_path_factory.mktemp("wheel")
    source = book.copy(folder / "source")
    build = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    subprocess.run([*build, "--wheel-dir", folder, source], check=True)
    (found,) = folder.glob("*.whl")
    return found


# One of each kind of file that the package carries beside its code.
READ = """
import pathlib, superposition
from superposition import published, widgets
from superposition.ledger import claims
from superposition.running import records
kept = [records.load(file.stem) for file in records.folder().glob("*.csv")]
counts = [len(kept), len(published.MODELS), len(claims.CLAIMS), len(widgets.board([[1, 0]])._esm)]
print(pathlib.Path(superposition.__file__).parent, *counts)
"""


@pytest.mark.parametrize("option", ["--target", "--prefix"])
def test_an_installed_package_reads_its_records_numbers_claims_and_widgets(
    wheel: Path, tmp_path: Path, option: str
) -> None:
    """Outside the checkout, where pip puts it: a folder alone, or lib/ and share/ of a prefix."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", option, "here"]
    if option == "--prefix":
        install.append("--ignore-installed")
    subprocess.run([*install, wheel], cwd=tmp_path, check=True)
    (package,) = (tmp_path / "here").rglob("superposition/__init__.py")
    environment = {**os.environ, "PYTHONPATH": str(package.parents[1])}
    command = [sys.executable, "-c", READ]
    said = subprocess.check_output(command, cwd=tmp_path, env=environment, text=True).split()
    assert said[0] == str(package.parent)
    assert int(said[1]) == len(list(book.ROOT.glob("records/*.csv"))) > 0
    assert all(int(count) > 0 for count in said[2:])


def test_a_wheel_holds_the_whole_module(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    module = {p.removeprefix("src/") for p in book.tracked() if p.startswith("src/superposition/")}
    assert module and module <= inside
    assert all(name.startswith(("superposition/", "superposition_book-")) for name in inside)
