"""The published numbers: against the page they were taken from, and among themselves."""

import re
from collections import Counter
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from superposition import published
from superposition.power_law import fit_power_law

SOURCE = Path(__file__).parent / "published_numbers.md"


@pytest.fixture(scope="module")
def text() -> str:
    return SOURCE.read_text("utf8")


def test_27_models_with_distinct_repositories():
    assert len(published.MODELS) == len({m.repo for m in published.MODELS}) == 27
    families = Counter(m.family for m in published.MODELS)
    assert families == {"OPT": 8, "Qwen2.5": 7, "GPT-2": 4, "Pythia": 8}
    assert all(m.vocabulary > m.m > 0 for m in published.MODELS)


def test_overlaps_belong_to_widths_of_their_family():
    for family, points in published.OVERLAPS.items():
        widths = {m.m for m in published.MODELS if m.family == family}
        assert {m for m, _ in points} <= widths
        # As the paper's figure shows and the book says: all lie above the geometric floor 1/m.
        assert all(1 / m < value < 1 for m, value in points)


def test_table_a9_gives_the_published_exponent():
    table = np.array(published.CHINCHILLA_TABLE, dtype=float)
    assert table.shape == (50, 2) and (np.diff(table[:, 0]) > 0).all()
    fit = fit_power_law(table[:, 1], table[:, 0])
    assert round(fit.exponent, 3) == published.PARAMETERS_PER_WIDTH.value == 2.523
    implied = fit.exponent * published.CHINCHILLA_FITS["Besiroglu"].alpha
    expected = published.CHINCHILLA_EXPONENT
    assert abs(implied - expected.value) < expected.error


def test_every_row_of_every_table_names_its_source():
    folder = resources.files("superposition") / "published_numbers"
    names = sorted(Path(file.name).stem for file in folder.iterdir() if file.name[-4:] == ".csv")
    assert names == ["chinchilla_fits", "chinchilla_models", "models", "overlaps", "values"]
    for name in names:
        rows = published.table(name)
        assert rows and all(row["source"].strip() for row in rows), name
        if name != "models":
            assert all("arXiv" in row["source"] for row in rows), name
    assert {p["source"] for p in (published.TOY_PROTOCOL, published.LARGE_PROTOCOL)} == {
        published.PAPER
    }


def test_every_value_in_the_table_has_a_name():
    """A row that no name reads would be a number that nothing holds to its source."""
    read = {
        "loss_exponent",
        "strong_exponent",
        "strong_r2",
        "weak_r2",
        "strong_overlap",
        "strong_exponent_range",
        "phi_half_alpha_1",
        "density_exponent",
        "density_range",
        "parameters_per_width",
        "chinchilla_exponent",
    }
    assert {row["quantity"] for row in published.table("values")} == read
    code = Path(published.__file__).read_text("utf8")
    assert all(f'"{quantity}"' in code for quantity in read)


def test_table_a9_matches_the_page(text):
    line = next(line for line in text.splitlines() if "Table A9" in line)
    rows = re.findall(r"(\d+) (\d{3,4})[,.]", line.split("d_model): ")[1])
    assert [(int(a), int(b)) for a, b in rows] == list(published.CHINCHILLA_TABLE)


def test_overlaps_match_the_page(text):
    found = {}
    for family, cell in re.findall(r"^\| ([\w.-]+) \| (\d+: .*) \|$", text, flags=re.M):
        points = []
        for part in cell.split(" · "):
            m, values = part.split(": ")
            points += [(int(m), float(v)) for v in values.split(" and ")]
        found[family] = tuple(points)
    assert found == published.OVERLAPS


def test_widths_and_vocabularies_match_the_page(text):
    section = text.split("## The 27 models")[1].split("##")[0]
    lines = {line.split(" (")[0][2:]: line for line in section.splitlines() if line[:2] == "- "}
    assert lines.keys() == published.OVERLAPS.keys()
    for model in published.MODELS:
        line = lines[model.family]
        name = model.name.removeprefix("gpt2-")
        if model.name != "gpt2":
            assert re.search(rf"[ :]{re.escape(name)} {model.m}\b", line), model
        assert f"{model.vocabulary:,}" in line, model


def test_single_numbers_match_the_page(text):
    strong = published.STRONG_EXPONENTS
    r2 = (published.STRONG_R2, published.WEAK_R2)
    fits = published.CHINCHILLA_FITS
    protocol, large = published.TOY_PROTOCOL, published.LARGE_PROTOCOL
    ranges, knee = published.STRONG_EXPONENT_RANGES, published.PHI_HALF_ALPHA_1
    overlaps = published.STRONG_OVERLAPS
    for piece in (
        f"{strong['exponential'].value:g} (exponential), {strong['power'].value:g} (power), "
        f"{strong['linear'].value:g} (linear)",
        f"strong {r2[0]['exponential']:g} / {r2[0]['power']:g} / {r2[0]['linear']:g}",
        f"{r2[1]['exponential']:.2f} / {r2[1]['power']:.2f} / {r2[1]['linear']:.3f}",
        f"α_m = {published.LOSS_EXPONENT.value:g} ± {published.LOSS_EXPONENT.error:g}",
        ", ".join(f"{v.value:g} ± {v.error:g}" for v in published.DENSITY_EXPONENTS),
        "E {0.E:g}, A {0.A:g}, B {0.B:g}, α {0.alpha:g}, β {0.beta:g}".format(fits["Hoffmann"]),
        "E {0.E:g}, A {0.A:g}, B {0.B:.2f}, α {0.alpha:g}, β {0.beta:g}".format(fits["Besiroglu"]),
        "m in {" + ", ".join(map(str, protocol["m"])) + "}",
        f"batch {protocol['batch_size']}, {protocol['steps']:,} steps",
        f"with {protocol['warmup_steps']:,} steps of warm-up and a cosine to "
        f"{protocol['final_lr_ratio']:.0%}".replace("%", " %"),
        f"α_m about {ranges['alpha <= 1'][0]:g} to {ranges['alpha <= 1'][1]:g} for α ≤ 1",
        f"about {ranges['alpha = 2'][0]:g} to {ranges['alpha = 2'][1]:g} at α = 2",
        f"1 for γ ≤ {knee['one_up_to_gamma']:g}, falling to about m/n and a little above for "
        f"γ ≥ {knee['m_over_n_from_gamma']:g}",
        "from {:.2f} at m = {} to {:g} at m = {}".format(*overlaps[0][::-1], *overlaps[1][::-1]),
        f"for E from {published.DENSITY_RANGE[0]:g} to {published.DENSITY_RANGE[1]:g}",
        f"N ∝ m^{published.PARAMETERS_PER_WIDTH.value:g}",
        f"the paper: {published.CHINCHILLA_EXPONENT.value:g} ± "
        f"{published.CHINCHILLA_EXPONENT.error:g}",
        f"n = {large['n']:,}, m = {large['m'][0]} … {large['m'][1]:,}",
        f"batch {large['batch_size']:,}, {large['steps']:,} steps",
        f"{protocol['models']:,} trained models, written for {protocol['cpus']} CPUs",
    ):
        assert piece in text, piece
