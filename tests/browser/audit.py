"""What is wrong with a page as Chromium shows it: a list of faults, empty when there is none."""

from __future__ import annotations

import gzip
import itertools
import re
from pathlib import Path
from urllib.parse import unquote, urlparse

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SHIFTS = """
window.layoutShift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) if (!entry.hadRecentInput) layoutShift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""
PHONE, DESKTOP = {"width": 375, "height": 812}, {"width": 1280, "height": 900}
# Three typical figures took 21, 33 and 63 kB as PNG of twice the pixels: below this SVG is smaller.
FIGURE = 20_000
WEIGHT, SHIFT = 1_500_000, 0.1  # bytes compressed; web.dev "good"


def watch(page: Page, own: str) -> list[str]:
    """A list that fills with the page's complaints and with its requests to anywhere but `own`."""
    found: list[str] = []

    def asked(url: str) -> None:
        if not url.startswith((own, "data:", "blob:")):
            found.append(f"a request to {url}")

    def said(kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            found.append(f"console {kind}: {text}")

    page.on("request", lambda request: asked(request.url))
    page.on("requestfailed", lambda request: found.append(f"failed: {request.url}"))
    page.on("console", lambda message: said(message.type, message.text))
    page.on("pageerror", lambda error: found.append(f"script error: {error}"))
    page.route(lambda url: not url.startswith((own, "data:", "blob:")), lambda r: r.abort())
    page.add_init_script(SHIFTS)
    return found


def at_rest(page: Page) -> None:
    """Wait until the page is loaded, its fonts are there, and it has drawn them for a while."""
    page.wait_for_load_state("load")
    page.evaluate("""document.fonts.ready.then(() => new Promise((done) => {
      let left = 40;
      const tick = () => (left-- > 0 ? requestAnimationFrame(tick) : done());
      tick();
    }))""")


def settle(page: Page) -> dict[str, float]:
    """Let the page come to rest; seconds until it was usable, and how far its layout shifted."""
    at_rest(page)
    ready = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") / 1000
    return {"seconds": ready, "shift": page.evaluate("layoutShift")}


def weight(folder: Path, html: str) -> int:
    """Compressed bytes of a page's own content: its HTML and what it shows outside _static."""
    page = folder / f"{html}.html"
    text = page.read_text("utf8")
    total = len(gzip.compress(page.read_bytes()))
    for source in set(re.findall(r'(?:src|data)="([^"#?]+)', text)):
        path = (page.parent / unquote(urlparse(source).path)).resolve()
        if "_static" not in path.parts and path.is_file():
            total += len(gzip.compress(path.read_bytes()))
    return total


def figure_weights(folder: Path, html: str) -> list[int]:
    """Compressed bytes of each figure in the page's text, outside its widgets."""
    text = (folder / f"{html}.html").read_text("utf8")
    text = re.sub("<(script|noscript).*?</\\1>", "", text, flags=re.S)
    figures = re.findall("<figure.*?</figure>", text, re.S)
    return [len(gzip.compress(figure.encode())) for figure in figures] or [0]


def shift_faults(numbers: dict[str, float]) -> list[str]:
    shift = numbers["shift"]
    return [f"layout shifts by {shift:.2f}"] if shift > SHIFT else []


def layout_faults(page: Page) -> list[str]:
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return (
        [f"scrolls sideways by {wide} px at {page.viewport_size['width']} px"] if wide > 0 else []
    )


def reading_faults(page: Page) -> list[str]:
    """Serious and critical findings of axe, jumps in the headings, pictures without words."""
    # A figure is one image with one name; axe would look at thousands of paths in it.
    page.eval_on_selector_all(
        "figure svg[role=img]", "all => all.forEach((x) => (x.innerHTML = ''))"
    )
    result = Axe().run(page)
    found = [
        f"axe {v['impact']}: {v['id']} at {[node['target'] for node in v['nodes']][:3]}"
        for v in result.response["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    levels = page.eval_on_selector_all(
        "article :is(h1,h2,h3,h4,h5,h6)", "all => all.map((h) => Number(h.tagName[1]))"
    )
    if levels.count(1) != 1 or levels[0] != 1:
        found.append(f"headings without one title first: {levels}")
    jumps = [(a, b) for a, b in itertools.pairwise(levels) if b > a + 1]
    found += [f"a heading of level {b} follows one of level {a}" for a, b in jumps]
    dumb = page.eval_on_selector_all(
        "article :is(img, figure svg, svg[role=img])",
        "all => all.filter((x) => !(x.alt || x.getAttribute('aria-label') || '').trim()).length",
    )
    return found + [f"{dumb} pictures without words"] * bool(dumb)


def print_faults(page: Page) -> list[str]:
    """On paper: the text and figures, within the sheet, without the site's furniture."""
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 720, "height": 1000})  # A4 less its margins, at 96 dpi
    found = page.evaluate("""() => {
      const boxes = (css) => [...document.querySelectorAll(css)].map((x) => x.getClientRects());
      const unwanted = ["#pst-primary-sidebar", ".bd-header-article", ".prev-next-footer"];
      const faults = [...unwanted, ".sp-buttons"]
        .filter((css) => boxes(css).some((all) => all.length)).map((css) => css + " is printed");
      const article = document.querySelector("article").getBoundingClientRect();
      if (article.width < 500) faults.push("the text is only " + article.width + " px wide");
      for (const x of document.querySelectorAll("article :is(p, svg, canvas, pre, math)")) {
        const { right, width } = x.getBoundingClientRect();
        if (width && right > innerWidth + 1) faults.push(x.tagName + " runs off the sheet");
      }
      return [...new Set(faults)];
    }""")
    page.emulate_media(media="screen")
    return found


def head_faults(page: Page) -> list[str]:
    meta = page.evaluate("""() => ({
      title: document.title,
      ...Object.fromEntries([...document.querySelectorAll("meta[name], meta[property]")]
        .map((m) => [m.getAttribute("name") || m.getAttribute("property"), m.content])),
      icon: document.querySelector("link[rel~=icon]")?.href || "",
      canonical: document.querySelector("link[rel=canonical]")?.href || "",
    })""")
    wanted = (
        "title",
        "description",
        "og:title",
        "og:description",
        "og:url",
        "og:image",
        "icon",
        "canonical",
    )
    found = [f"no {name}" for name in wanted if not meta.get(name, "").strip()]
    if not 40 <= len(meta.get("description", "")) <= 200:
        found.append(f"a description of {len(meta.get('description', ''))} characters")
    return found
