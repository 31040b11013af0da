"""The one class behind every widget: the same JavaScript with a kernel and without one.

Where a kernel is alive (Jupyter, Colab) a widget is an anywidget, and what the reader measures
comes back as `widget.result`. In the built page it is an inline script that needs no widget
manager; with JavaScript off the page shows the figure that the cell computed instead.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import anywidget
import traitlets

_HERE = files("superposition.widgets") / "js"
# Each kind of widget: the function that draws it, and the files that function needs.
_TRAINS = ("trainer.js", "session.js", "charts.js", "controls.js")
_KINDS = {
    "playground": ("playground", (*_TRAINS, "playground.js")),
    "law": ("measureTheLaw", (*_TRAINS, "law.js")),
    "states": ("stateSlider", ("controls.js", "states.js")),
    "choices": ("chooseState", ("controls.js", "choices.js")),
    "slope": ("chooseSlope", ("charts.js", "controls.js", "slope.js")),
    "cut": ("theCut", ("charts.js", "controls.js", "cut.js")),
    "board": (
        "board",
        ("charts.js", "controls.js", "readings.js", "middle.js", "bars.js", "board.js"),
    ),
}
_ALL = (*dict.fromkeys(name for _, names in _KINDS.values() for name in names), "kernel.js")
_STYLE = "".join((_HERE / name).read_text("utf8") for name in ("playground.css", "board.css"))
# A classic script runs as the page is read: the widget has its height before anything below it.
_PAGE = """<style>{style}</style><div class="sp-mount"></div><script>(() => {{
{script}
const el = [...document.querySelectorAll(".sp-mount:empty")].at(-1), [, settings] = {start};
{draw}(el, settings, true, () => {{}});
}})();</script><noscript>{fallback}</noscript>"""


def _script(names: Sequence[str]) -> str:
    return "".join((_HERE / name).read_text("utf8") for name in names)


class BookWidget(anywidget.AnyWidget):
    """A widget of the book: `kind` says which, `settings` how it starts, `result` what it found."""

    _esm = _script(_ALL) + "\nexport default { render };\n"
    _css = _STYLE
    kind = traitlets.Unicode().tag(sync=True)
    settings = traitlets.Dict().tag(sync=True)
    result = traitlets.Dict().tag(sync=True)
    fallback = ""  # HTML shown where scripts do not run

    def page(self) -> str:
        """HTML that does what the widget does without a kernel, from a server or a folder."""
        start = json.dumps([self.kind, self.settings]).replace("</", "<\\/")
        draw, names = _KINDS[self.kind]
        return _PAGE.format(
            style=_STYLE, script=_script(names), start=start, draw=draw, fallback=self.fallback
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle[0].update({"text/html": self.page(), "text/plain": f"[widget: {self.kind}]"})
        return bundle
