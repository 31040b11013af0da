"""Slope, cut and choices, driven by keyboard on a page that holds nothing else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from playwright.sync_api import Page

from superposition import features, geometry, widgets
from superposition.widgets import BookWidget

pytestmark = pytest.mark.browser

WIDTHS = [4, 8, 16, 32, 64]
BENT = 2.0 * np.array(WIDTHS) ** -0.8 * np.exp(-((np.array(WIDTHS) / 50) ** 1.2))


def opened(page: Page, tmp_path: Path, widget: BookWidget) -> Page:
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    file = tmp_path / "page.html"
    file.write_text(f"<!doctype html><html lang='en'><body>{widget.page()}</body></html>", "utf8")
    page.goto(file.as_uri())
    assert errors == []
    return page


def test_handles_choose_a_window_and_the_best_are_remembered(page: Page, tmp_path: Path):
    widget = widgets.choose_slope(WIDTHS, BENT, least=0.98)
    fits = {(f["from"], f["to"]): f["slope"] for f in widget.settings["fits"]}
    opened(page, tmp_path, widget)
    first, last = page.get_by_role("slider").all()
    said = page.locator("p[role=status]")
    assert "m = 4 to 64" in said.inner_text()
    for _ in range(2):
        last.press("ArrowLeft")
    flat = f"{fits[0, 2]:.2f}".replace("-", "−")
    assert f"m = 4 to 16: slope {flat}" in said.inner_text()
    for _ in range(2):
        first.press("ArrowRight")  # pushes the other handle along
    steep = f"{fits[2, 4]:.2f}".replace("-", "−")
    assert f"m = 16 to 64: slope {steep}" in said.inner_text()
    assert last.get_attribute("aria-valuetext") == "m = 64"
    record = page.locator("[data-value=record]").inner_text()
    assert f"flattest {flat} (m = 4 to 16)" in record and f"steepest {steep}" in record


def test_the_cut_moves_and_arrows_switch(page: Page, tmp_path: Path):
    noise = torch.Generator().manual_seed(0)
    arrows = {f"m = {m}": geometry.random_unit_vectors(40, m, noise) for m in (8, 20)}
    widget = widgets.the_cut(arrows, features.power_law(40, 0.0), samples=2000)
    opened(page, tmp_path, widget)
    said, shown = page.locator("p[role=status]"), widget.settings["sets"]
    page.get_by_role("slider").press("ArrowRight")
    assert said.inner_text().startswith("m = 8, cut 0.02:")
    lost = float(f"{shown[0]['lost'][1]:.3g}")
    assert f"signal lost {lost:g}" in said.inner_text()
    page.get_by_role("button", name="m = 20").press("Enter")
    assert said.inner_text().startswith("m = 20, cut 0.02:")
    assert page.locator("[aria-pressed=true]").inner_text() == "m = 20"


def test_a_choice_shows_its_figure(page: Page, tmp_path: Path):
    states = ["<p>kept: 54</p>", "<p>kept: 389</p>"]
    opened(page, tmp_path, widgets.choices(states, ["N(0, 1)", "−0.3"], label="Where b begins"))
    assert page.get_by_text("kept: 54").is_visible()
    page.get_by_role("button", name="−0.3").press("Space")
    assert page.get_by_text("kept: 389").is_visible() and not page.get_by_text("54").is_visible()
    assert page.get_by_role("group", name="Where b begins").count() == 1
