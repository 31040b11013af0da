"""The font that the built pages' formulas are set in holds what they need."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont

pytestmark = pytest.mark.chapters


def test_the_cut_font_has_the_radical_and_the_signs(built: Path) -> None:
    """A root is the element <msqrt>: no √ stands in the text that the font is cut down to."""
    assert any("<msqrt>" in page.read_text("utf8") for page in built.rglob("*.html"))
    script = (built / "_static" / "formulas.js").read_text("utf8")
    data = re.search(r"atob\('([^']+)'\)", script)
    assert data
    font = TTFont(io.BytesIO(base64.b64decode(data[1])))
    codes = set(font.getBestCmap())
    assert {0x221A, 0x1D6FC, 0x210E} <= codes, "√, italic α, italic h"
    assert "MATH" in font, "without its table nothing stretches"
