"""The book on paper, tried on two small pages: order, contents, numbers, what moves, what folds."""

from __future__ import annotations

from pathlib import Path

import pytest
from pypdf import PdfReader

import book
import pdf
import picture
from superposition import plots
from test_plots import contrast

pytestmark = pytest.mark.browser
# A stand-in for the playground: it starts when it is seen, and offers to train again when done.
MOVING = """<!doctype html><title>First — the book</title><h1>First &amp; foremost</h1>
<p style="break-after: page">before</p>
<div data-widget="playground"><p>not yet</p><button>Pause</button></div><script>
new IntersectionObserver((seen) => { if (seen.at(-1).isIntersecting) setTimeout(() => {
  document.querySelector("[data-widget] p").textContent = "trained";
  document.querySelector("button").textContent = "Train again"; }, 300); })
  .observe(document.querySelector("[data-widget]"));</script>"""
FOLDED = """<!doctype html><title>Second</title><h1>Second</h1>
<details><summary>Answer</summary><p>forty-two</p></details>"""


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("html")
    (folder / "first.html").write_text(MOVING, encoding="utf8")
    (folder / "second.html").write_text(FOLDED, encoding="utf8")
    return folder


def test_pages_in_order_behind_their_contents(
    small: Path, tmp_path: Path, chromium: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMIUM", chromium)
    assert pdf.write(tmp_path / "made" / "book.pdf", small, ["second", "first"]) == 4
    made = PdfReader(tmp_path / "made" / "book.pdf")
    front, second, first, rest = [page.extract_text() for page in made.pages]
    assert book.CONFIG["title"] in " ".join(front.split())
    assert front.split("\n")[-2:] == ["Second 2", "First & foremost 3"]
    assert "forty-two" in second  # a folded answer can be unfolded on no paper
    assert "before" in first and "trained" in rest and "not yet" not in rest
    assert [text.split("\n")[0] for text in (second, first, rest)] == ["2", "3", "4"]
    places = {item.title: made.get_destination_page_number(item) for item in made.outline}
    assert places == {"Contents": 0, "Second": 1, "First & foremost": 2}


def test_the_picture_waits_for_what_moves(
    small: Path, tmp_path: Path, chromium: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHROMIUM", chromium)
    waited: list[str] = []
    settle = pdf.settle
    monkeypatch.setattr(
        pdf, "settle", lambda page: (settle(page), waited.append(page.inner_text("[data-widget]")))
    )
    picture.take(small / "first.html", tmp_path / "book.png")
    assert waited == ["trained\n\nTrain again"]
    header = (tmp_path / "book.png").read_bytes()[:24]
    assert header[1:4] == b"PNG"
    width, height = (int.from_bytes(header[at : at + 4], "big") for at in (16, 20))
    assert (width, height) == (2560, 2400)


def test_on_paper_the_two_regimes_differ_in_grey(
    small: Path, tmp_path: Path, chromium: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the contrast that WCAG asks of graphics, which looks at lightness alone."""
    monkeypatch.setenv("CHROMIUM", chromium)
    fig, ax = plots.figure()
    ax.plot([0, 1], color=plots.STRONG)
    ax.plot([1, 0], color=plots.WEAK)
    drawn = plots.to_svg(fig, "Two lines that cross.")
    (tmp_path / "one.html").write_text(f"<!doctype html><h1>Lines</h1>{drawn}", encoding="utf8")
    drawings: list[str] = []
    for_paper = pdf.for_paper
    monkeypatch.setattr(
        pdf,
        "for_paper",
        lambda page: (for_paper(page), drawings.append(page.inner_html("figure"))),
    )
    pdf.write(tmp_path / "one.pdf", tmp_path, ["one"])
    weak, strong = (pdf.INK.get(colour, colour) for colour in (plots.WEAK, plots.STRONG))
    assert weak in drawings[0] and strong in drawings[0] and plots.STRONG not in drawings[0]
    assert contrast(weak, strong) >= 3  # on screen, where hue tells them apart, it is below 2
    assert contrast(plots.WEAK, plots.STRONG) < 2
    assert all(contrast(ink, "#ffffff") >= 3 for ink in pdf.INK.values())
