"""Things to move on the page: the same JavaScript runs with a kernel and without one.

Where a kernel is alive (Jupyter, Colab) a widget is an anywidget, and what the reader measures
comes back as `widget.result`. In the built page it is a plain inline script that needs no widget
manager; with JavaScript off the page shows the figure that the cell computed instead.
"""

from __future__ import annotations

import html
import json
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any

import anywidget
import ipywidgets
import traitlets

from superposition import features, plots, toy

_HERE = files("superposition")
_SCRIPT = "".join((_HERE / name).read_text("utf8") for name in ("trainer.js", "playground.js"))
_STYLE = (_HERE / "playground.css").read_text("utf8")


class BookWidget(anywidget.AnyWidget):
    """A widget of the book: `kind` says which, `settings` how it starts, `result` what it found."""

    _esm = _SCRIPT + "\nexport default { render };\n"
    _css = _STYLE
    kind = traitlets.Unicode().tag(sync=True)
    settings = traitlets.Dict().tag(sync=True)
    result = traitlets.Dict().tag(sync=True)
    fallback = ""  # HTML shown where scripts do not run

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle[0]["text/html"] = self.page()
            bundle[0]["text/plain"] = f"[{self.kind}: runs where scripts run]"
        return bundle

    def page(self) -> str:
        """HTML that works alone, from a server or from a folder. A classic script, run as the
        page is read, so that the widget has its full height before anything below is drawn."""
        start = json.dumps([self.kind, self.settings]).replace("</", "<\\/")
        return (
            f"<style>{_STYLE}</style><div class='sp-mount'></div><script>(() => {{\n{_SCRIPT}\n"
            f"const [kind, settings] = {start};\n"
            "const el = [...document.querySelectorAll('.sp-mount:empty')].at(-1);\n"
            "KINDS[kind](el, settings, true, () => {});\n})();</script>"
            f"<noscript>{self.fallback}</noscript>"
        )


def playground(
    n: int = 20,
    m: int = 2,
    weight_decay: float = -1.0,
    alpha: float = 0.5,
    density: float = 0.3,
    *,
    seed: int = 0,
    steps: int = 4000,
    name: str = "playground",
) -> BookWidget:
    """The toy model, trained in the reader's browser as the reader moves its settings.

    n from 4 to 100 features in m from 1 to 32 dimensions; frequencies p_i ∝ i^-alpha that sum
    to `density`; `steps` of training after each change. `name` tells two playgrounds on one
    page apart in a shared link. `result` holds loss, represented, overlap, welch and step.
    """
    for what, value, low, high in (
        ("n", n, 4, 100),
        ("m", m, 1, 32),
        ("gamma", weight_decay, -1, 1),
    ):
        if not low <= value <= high:
            raise ValueError(f"the playground takes {what} from {low} to {high}, not {value}")
    values = dict(n=n, m=m, gamma=weight_decay, alpha=alpha, density=density, seed=seed)
    widget = BookWidget(
        kind="playground", settings={"name": name, "steps": steps, "values": values}
    )
    p = features.power_law(n, alpha, density)
    results = toy.sweep(
        toy.grid(p=[p], m=[m], weight_decay=[-1.0, 1.0], seed=[seed]), check=False, progress=False
    )
    fig, axes = plots.figure(1, 2, sharey=True)
    for ax, result, regime in zip(axes, results, ("strong (γ = −1)", "weak (γ = 1)"), strict=True):
        norms = result.W.norm(dim=1).cpu()
        ax.bar(
            range(1, n + 1), norms, color=plots.STRONG if result.weight_decay < 0 else plots.WEAK
        )
        ax.axhline(0.5, color=plots.GREY, linestyle="--", linewidth=1)
        ax.set(title=f"{regime}: {int((norms > 0.5).sum())} of {n} kept", xlabel="feature, by rank")
    axes[0].set_ylabel("length of its vector")
    kept = [int((result.W.norm(dim=1) > 0.5).sum()) for result in results]
    widget.fallback = plots.to_svg(
        fig,
        f"Lengths of {n} feature vectors in {m} dimensions: {kept[0]} longer than one half "
        f"with growth (γ = -1), {kept[1]} with decay (γ = 1).",
        "The playground needs JavaScript; this is where it ends at γ = −1 and at γ = 1.",
    )
    return widget


def measure_the_law(
    n: int = 100,
    weight_decay: float = -1.0,
    alpha: float = 1.0,
    *,
    seed: int = 0,
    widths: Sequence[int] = (4, 6, 9, 13, 19, 28),
    steps: int = 1500,
    batch: int = 128,
    name: str = "law",
) -> BookWidget:
    """One button: a model of each width is trained in the browser and both laws are fitted.

    `result` holds rungs (m, loss, overlap and more of each model), fits and seconds.
    """
    values = dict(n=n, gamma=weight_decay, alpha=alpha, seed=seed)
    settings = dict(name=name, widths=list(widths), steps=steps, batch=batch, values=values)
    widget = BookWidget(kind="law", settings=settings)
    widget.fallback = (
        "<p>This measurement is made by your browser and needs JavaScript. "
        "The figures of this page show the same laws, computed when the page was built.</p>"
    )
    return widget


def state_slider(
    states: Sequence[str],
    labels: Sequence[str],
    *,
    label: str = "state",
    name: str = "state",
    compute: Callable[..., str] | None = None,
    controls: dict[str, ipywidgets.Widget] | None = None,
) -> BookWidget | ipywidgets.VBox:
    """A slider over figures computed by the cell, as strings from `plots.to_svg`.

    With `compute` and `controls`, a live kernel also shows these controls and a button: it adds
    the figure that `compute(**values of the controls)` returns to the states.
    """
    if len(states) != len(labels) or not states:
        raise ValueError(f"{len(states)} states need as many labels, not {len(labels)}")
    widget = BookWidget(
        kind="states",
        settings=dict(states=list(states), labels=list(labels), label=label, name=name),
    )
    widget.fallback = "".join(
        f"<p>{html.escape(text)}</p>{state}" for text, state in zip(labels, states, strict=True)
    )
    if compute is None or controls is None:
        return widget

    def add(_: Any) -> None:
        values = {key: control.value for key, control in controls.items()}
        text = ", ".join(f"{key} = {value}" for key, value in values.items())
        known = widget.settings
        widget.settings = {
            **known,
            "states": [*known["states"], compute(**values)],
            "labels": [*known["labels"], text],
            "at": len(known["states"]),
        }

    button = ipywidgets.Button(description="Compute")
    button.on_click(add)
    return _WithPage([widget, *controls.values(), button])


class _WithPage(ipywidgets.VBox):
    """Widgets of a live kernel whose first one is what the built page shows."""

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        data = super()._repr_mimebundle_(**kwargs)
        return {**data, "text/html": self.children[0].page()}, {}
