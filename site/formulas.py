"""Formulas as MathML, set when the book is built.

The browser then draws a page once and for all: no script, no request, nothing that jumps, and a
screen reader or a printer gets the formula itself. The font is STIX Two Math, cut down to the
characters of the book, and a script in the page's head hands it over before the first paint:
a font that arrives later would move the text. Without scripts the reader's own font serves.
"""

from __future__ import annotations

import base64
import html
import io
import re
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from docutils import nodes
from fontTools import subset
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util import logging

logger = logging.getLogger(__name__)
# Located, not imported: the package comes for its font alone (SIL Open Font License 1.1).
FONT = Path(str(distribution("ziamath").locate_file("ziamath/fonts/STIXTwoMath-Regular.ttf")))
SCRIPT = "formulas.js"
# Names that the converter does not know, in names that it does.
SYNONYMS = {
    r"\lVert": r"\|",
    r"\rVert": r"\|",
    r"\lvert": "|",
    r"\rvert": "|",
    "{aligned}": "{align*}",
    "{align}": "{align*}",
    "{split}": "{align*}",
    "{gathered}": "{align*}",
}


def to_mathml(latex: str, display: bool) -> str:
    """LaTeX as a MathML element. ValueError where the converter leaves a command as it was."""
    known = latex
    for name, synonym in SYNONYMS.items():
        known = re.sub(
            re.escape(name) + r"(?![A-Za-z])",
            lambda _, s=synonym: s + (" " if s[-1] == "|" else ""),
            known,
        )
    mathml = convert(known, display="block" if display else "inline")
    shown = html.unescape(re.sub("<[^>]*>", "", mathml))
    if "\\" in shown or "&" in shown:
        raise ValueError(f"no MathML for {latex!r}: got {shown!r}")
    return mathml.replace("<math ", f'<math alttext="{html.escape(latex.strip())}" ', 1)


def _visit(display: bool) -> Any:
    def visit(self: Any, node: nodes.Element) -> None:
        try:
            body = to_mathml(node.astext(), display)
        except Exception as error:  # the converter has no error class of its own
            logger.warning(f"formula {node.astext()!r}: {error}", location=node)
            body = f"<code>{html.escape(node.astext())}</code>"
        tag = "div" if display else "span"
        self.body.append(f'<{tag} class="math">{body}</{tag}>' + "\n" * display)
        raise nodes.SkipNode

    return visit


def link_font(app: Sphinx, page: str, template: str, context: dict, doctree: Any) -> None:
    if doctree and next(
        doctree.findall(lambda n: isinstance(n, nodes.math | nodes.math_block)), None
    ):
        app.add_js_file(SCRIPT)


def write_font(app: Sphinx, error: Exception | None) -> None:
    """The script with the font, cut down to what the formulas of the built pages use."""
    if error or app.builder.name != "html":
        return
    shown = {
        ord(character)
        for character in "".join(
            html.unescape(formula)
            for page in Path(app.outdir).rglob("*.html")
            for formula in re.findall(r"<math .*?</math>", page.read_text("utf8"), re.S)
        )
    }
    # A variable of one letter is drawn with the code of its italic form.
    bases = ((0x61, 26, 0x1D44E), (0x41, 26, 0x1D434), (0x3B1, 25, 0x1D6FC), (0x391, 25, 0x1D6E2))
    italic = {slant + c - base for c in shown for base, n, slant in bases if 0 <= c - base < n}
    options = subset.Options(flavor="woff", layout_features=["ssty"], notdef_outline=True)
    with FONT.open("rb") as stream:
        font = subset.load_font(stream, options)
        cut = subset.Subsetter(options)
        # A radical is an element, not a character, and the italic h has a code of its own.
        cut.populate(unicodes=shown | italic | {0x210E, 0x221A})
        cut.subset(font)
        buffer = io.BytesIO()
        font.save(buffer)
    data = base64.b64encode(buffer.getvalue()).decode()
    Path(app.outdir, "_static", SCRIPT).write_text(
        f"document.fonts.add(new FontFace('STIX Two Math Book', Uint8Array.from(atob('{data}'),"
        " (c) => c.charCodeAt(0))));\n"
    )


def setup(app: Sphinx) -> dict[str, Any]:
    inline, block = _visit(display=False), _visit(display=True)
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    app.connect("html-page-context", link_font)
    app.connect("build-finished", write_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
