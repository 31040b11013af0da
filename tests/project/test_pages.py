"""The built pages as files: what the build put in, before any browser shows it."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

import book

pytestmark = pytest.mark.chapters

# What a page shows where a cell failed, warned, or a bar or raw MyST was left behind.
FAULTY = ("div.output.traceback", "div.output.stderr", ".problematic", ".system-message")


def faults(soup: BeautifulSoup) -> list[str]:
    """What is wrong with a built page; empty when nothing is."""
    found = [f"{css}: {hit.text.strip()[:200]}" for css in FAULTY for hit in soup.select(css)]
    article = soup.select_one("article") or soup
    for image in article.select("figure > svg, img"):
        if not (image.get("aria-label") or image.get("alt")) and not image.get("aria-hidden"):
            found.append(f"an image without alternative text: {str(image)[:80]}")
    if "it/s]" in article.text:
        found.append("a progress bar left in the page")
    return found


@pytest.fixture(scope="module", params=book.pages())
def page(request: pytest.FixtureRequest, built: Path) -> tuple[str, BeautifulSoup]:
    path = built / f"{request.param}.html"
    assert path.exists(), f"{request.param} was not built"
    return request.param, BeautifulSoup(path.read_text(encoding="utf8"), "html.parser")


def test_a_page_has_no_faults(page: tuple[str, BeautifulSoup]) -> None:
    assert faults(page[1]) == []


def test_a_page_opens_in_colab_and_binder(page: tuple[str, BeautifulSoup]) -> None:
    name, soup = page
    owner = book.REPOSITORY.removeprefix("https://github.com/")
    links = {str(a["href"]) for a in soup.select("a[href]")}
    if name in book.chapters():
        assert f"https://colab.research.google.com/github/{owner}/blob/main/{name}.ipynb" in links
        assert f"https://mybinder.org/v2/gh/{owner}/main?urlpath=lab/tree/{name}.ipynb" in links
    assert book.REPOSITORY in links


@pytest.mark.parametrize(
    "html",
    [
        '<div class="output traceback"><pre>ValueError</pre></div>',
        '<div class="output stderr highlight">UserWarning</div>',
        '<span class="problematic">{doc}`x`</span>',
        "<article><figure><svg></svg></figure></article>",
        '<article><img src="a.png"></article>',
        "<article><pre>20/20 [00:00, 49.3it/s]</pre></article>",
    ],
)
def test_a_planted_fault_is_found(html: str) -> None:
    assert len(faults(BeautifulSoup(html, "html.parser"))) == 1


def test_links_to_the_published_pages_stay_in_this_copy(built: Path) -> None:
    """The first page names them by address, for Colab; offline they must open all the same."""
    soup = BeautifulSoup((built / "chapters/00_start_here.html").read_text("utf8"), "html.parser")
    links = {str(a["href"]) for a in soup.select("article a[href]")}
    assert {"glossary.html", "for_instructors.html"} <= links
    assert not any(".github.io" in link and link.endswith(".html") for link in links)


def test_the_front_page_leads_to_the_book(built: Path) -> None:
    index = (built / "index.html").read_text(encoding="utf8")
    assert book.pages()[0] in index
