"""Every page of the built book, read as a person reads it: desktop and phone, light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import audit
import pytest
from playwright.sync_api import Browser, Page

from conftest import PATIENCE, note, pages

pytestmark = pytest.mark.browser
PAGES = pages()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_light_quick_still_and_self_contained(
    page: Page, site: str, folder: Path, name: str
) -> None:
    found, numbers = audit.watch(page, site), {}
    for view in (audit.DESKTOP, audit.PHONE):
        page.set_viewport_size(view)
        page.goto(f"{site}{name}.html")
        numbers[view["width"]] = audit.settle(page)
        found += audit.shift_faults(numbers[view["width"]]) + audit.layout_faults(page)
    size, figures = audit.weight(folder, name), audit.figure_weights(folder, name)
    note(
        f"{name}: {size / 1e3:.0f} kB compressed, its largest figure {max(figures) / 1e3:.0f} kB; "
        "usable after "
        + " and ".join(f"{n['seconds']:.2f} s" for n in numbers.values())
        + "; layout shift "
        + " and ".join(f"{n['shift']:.3f}" for n in numbers.values())
    )
    assert size <= audit.WEIGHT and max(figures) <= audit.FIGURE
    assert found == []


# The theme makes what scrolls on the narrower page reachable by the tab key, in its own time.
REACHABLE = """() => [...document.querySelectorAll("pre, .cell_output > .output")]
  .every((x) => x.tabIndex == 0 || x.scrollWidth <= x.clientWidth)"""


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_read_by_everyone(browser: Browser, site: str, name: str, theme: str) -> None:
    context = browser.new_context(
        viewport=audit.DESKTOP, color_scheme=theme, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(f"{site}{name}.html")
    page.wait_for_function(
        "(theme) => document.documentElement.dataset.theme == theme", arg=theme, timeout=PATIENCE
    )
    # Of the thousands of words in colour, one of each kind: axe takes its time over every one.
    page.eval_on_selector_all(
        "pre span[class]",
        """(all) => {
          const seen = new Set();
          for (const x of all)
            if (seen.has(x.className)) x.replaceWith(x.textContent);
            else seen.add(x.className);
        }""",
    )
    found = audit.reading_faults(page)
    page.set_viewport_size(audit.PHONE)
    page.wait_for_function(REACHABLE, timeout=PATIENCE)
    found += audit.reading_faults(page)
    context.close()
    assert sorted(set(found)) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_prints_and_is_announced(page: Page, site: str, name: str) -> None:
    page.goto(f"{site}{name}.html")
    assert audit.head_faults(page) + audit.print_faults(page) == []


def test_a_page_read_in_the_dark_prints_on_white(browser: Browser, site: str) -> None:
    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(f"{site}{PAGES[0]}.html")
    page.evaluate("""addEventListener("beforeprint", () => {
      window.ink = getComputedStyle(document.querySelector("article p")).color;
    })""")
    page.pdf()
    assert max(map(int, re.findall(r"\d+", page.evaluate("ink"))[:3])) < 100, "dark ink"
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_from_its_folder(page: Page, folder: Path, name: str) -> None:
    page.context.set_offline(True)
    found = audit.watch(page, "file://")
    page.goto(f"{(folder / name).as_uri()}.html")
    audit.at_rest(page)
    formulas = page.locator("math").count()
    assert not formulas or page.evaluate("document.fonts.check('16px \"STIX Two Math Book\"')")
    assert found == []


@pytest.mark.parametrize("size", [(1280, 720), (390, 844)], ids=["desktop", "phone"])
def test_the_first_screen_of_the_book_holds_title_sentence_and_board(
    browser: Browser, site: str, size: tuple[int, int]
) -> None:
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, has_touch=width < 600
    )
    page = context.new_page()
    page.goto(f"{site}{PAGES[0]}.html")
    board = page.locator("article [data-widget=board]").first
    board.get_by_role("button", name="Step 4 of 4").click()  # the longest sentence
    boxes = [
        page.locator("article h1").bounding_box(),
        page.locator("article p").first.bounding_box(),
    ]
    boxes += [part.bounding_box() for part in (board, board.locator("[role=status]"))]
    tops, ends = [box["y"] for box in boxes], [box["y"] + box["height"] for box in boxes]
    bar = page.locator("details.hide, .cell_input").first.bounding_box()
    context.close()
    assert 0 <= tops[0] < tops[1] < tops[2] and ends[3] <= height
    assert bar["y"] > ends[2], "no code stands before the board"


def test_the_pages_lead_from_one_to_the_next(page: Page, site: str) -> None:
    page.goto(site)
    page.wait_for_url("**/chapters/**")
    seen = [page.url]
    while page.locator("a.right-next").count() and len(seen) <= len(PAGES):
        page.locator("a.right-next").click()
        page.wait_for_load_state()
        seen.append(page.url)
    assert sorted(url.removeprefix(site).removesuffix(".html") for url in seen) == PAGES
    if len(seen) > 1:
        page.locator("a.left-prev").click()
        page.wait_for_load_state()
        assert page.url == seen[-2]


@pytest.mark.parametrize("place", ["server", "folder"])
def test_search_finds_a_page_by_a_word_in_it(
    page: Page, site: str, folder: Path, place: str
) -> None:
    title = (folder / f"{PAGES[-1]}.html").read_text("utf8")
    word = max(re.findall(r"[A-Za-z]{4,}", re.search(r"<h1>(.*?)<", title, re.S)[1]), key=len)
    root = site if place == "server" else folder.as_uri() + "/"
    page.goto(f"{root}search.html?q={word}")
    page.locator(f"#search-results a[href*='{PAGES[-1]}']").first.wait_for()


def test_descriptions_differ_and_the_sitemap_is_whole(folder: Path) -> None:
    texts = [(folder / f"{name}.html").read_text("utf8") for name in PAGES]
    described = [re.search(r'name="description" content="([^"]*)"', text)[1] for text in texts]
    assert len(set(described)) == len(PAGES)
    sitemap = (folder / "sitemap.xml").read_text("utf8")
    assert [name for name in PAGES if f"/{name}.html</loc>" not in sitemap] == []


FAULTS = {
    "<script>console.warn('x')</script>": "console warning",
    "<script>undefinedName()</script>": "script error",
    "<img alt=x src='https://example.org/x.png'>": "a request to",
    "<script src='gone.js'></script>": "console error",
    "<script>setTimeout(() => (document.querySelector('article').style.marginTop = '400px'), 400)"
    "</script>": "layout shifts",
    "<div style='width: 3000px'>x</div>": "scrolls sideways",
    "<h2>x</h2><h4>x</h4>": "a heading of level 4",
    "<h1>x</h1>": "headings without one title",
    "<img src='data:,'>": "pictures without words",
    "<p style='color: #777; background: #888'>some pale words</p>": "color-contrast",
    "<input>": "label",
    "<pre style='width: 2000px; position: absolute'>x</pre>": "PRE runs off the sheet",
}


@pytest.mark.parametrize("planted", FAULTS)
def test_a_planted_fault_is_found(page: Page, site: str, folder: Path, planted: str) -> None:
    """Each check above sees the fault it is there for, planted at the end of a page's article."""
    text = (folder / f"{PAGES[-1]}.html").read_text("utf8")
    found = audit.watch(page, site)
    broken = text.replace("</article>", planted + "</article>")
    page.route(
        "**/planted.html", lambda route: route.fulfill(body=broken, content_type="text/html")
    )
    page.goto(f"{site}chapters/planted.html")
    found += audit.shift_faults(audit.settle(page)) + audit.layout_faults(page)
    found += audit.reading_faults(page) + audit.print_faults(page)
    assert any(FAULTS[planted] in fault for fault in found), found


def test_a_page_without_a_head_is_found(page: Page) -> None:
    page.set_content("<title>x</title><article></article>")
    assert len(audit.head_faults(page)) == 8


def test_a_heavy_page_is_found(tmp_path: Path) -> None:
    import os

    (tmp_path / "x.html").write_text("<img src='y.png'>".replace("'", '"'))
    (tmp_path / "y.png").write_bytes(os.urandom(audit.WEIGHT))
    assert audit.weight(tmp_path, "x") > audit.WEIGHT
    dots = "".join(f"<circle r='{k}' cx='{k * k % 9973}'/>" for k in range(20_000))
    (tmp_path / "x.html").write_text(f"<figure><svg>{dots}</svg></figure>")
    assert max(audit.figure_weights(tmp_path, "x")) > audit.FIGURE
