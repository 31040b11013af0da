"""The board, the book's one picture: n lamps, the m numbers that keep them, n readings, a cut."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from superposition import plots
from superposition.widgets.book_widget import BookWidget

MOST_LAMPS = 60  # that a reader can find the one to press among
MOST_NUMBERS = 300_000  # integers that travel in the page, some 3 bytes each when compressed
_FRAME_KEYS = {"sentence", "on", "cut", "at"}

Lamp = str | int


def board(
    W: ArrayLike | Sequence[ArrayLike],
    labels: Sequence[str] | None = None,
    *,
    bias: float | None = 0.0,
    on: Sequence[Lamp] = (),
    lamps: Sequence[Lamp] | None = None,
    frames: Sequence[Mapping[str, Any]] = (),
    strongest: int = 0,
    slider: str = "width <i>m</i>",
    state_labels: Sequence[str] | None = None,
    at: int = 0,
    press: str = "",
    counters: Mapping[str, Sequence[float]] | None = None,
    biases: ArrayLike | None = None,
    looks: Sequence[tuple[float, float]] = (),
    name: str = "board",
) -> BookWidget:
    """Lamps to switch, the numbers that keep them, and readings relu(W_i·h + b) with h = Σ x_j W_j.

    `W` holds the arrows, shape (n, m): a lamp's row is its arrow. With m = 2 they are drawn in
    the plane with one needle, h; otherwise h is m coloured cells. Readings are rows beside their
    lamps up to n = 12, else one chart of n bars, or with `strongest=k` the k longest, sorted.

    Several arrays of the same n make a slider over them; `state_labels` name its places (their m,
    if left out), `at` is the first shown, `press` puts a button beside it that goes to the next,
    and `counters` are numbers for each place, shown with their change since the place before.

    `labels` are n names. `lamps` are those that can be pressed, by name or place (all, if left
    out; at most 60): only their arrows and readings travel in the page, never W W^T. `on` are the
    lamps lit on arrival. `bias` is b, from -1 to 0, and can be moved as "the cut", -b; None takes
    the cut away. `frames` are steps of a story, shown as dots: mappings with a `sentence`, the
    lamps `on`, and if wanted `cut` and `at`. The board says a frame's sentence whenever it shows
    that state, however it came there, and words of its own otherwise. `name` tells two boards on
    a page apart.

    Where all lamps can be pressed, `biases` (n,) gives each feature one of its own, and `looks` a
    second look for each place of the slider, (scale, cut), of which (0, 0) is none: readings are
    relu(y_i + scale W_i·(h - Σ y_j W_j) - cut) with y_i = relu(W_i·h + b_i).

    `result` holds on (features), cut, state, and up to n = 100 the readings.

    ValueError on arrows that are no finite (n, m), on unknown lamps, on looks or biases that do
    not fit, and on more than a page holds.

    Five arrows in the plane, 72° apart:

    >>> turn = 2 * np.pi * np.arange(5) / 5
    >>> W = np.stack([np.sin(turn), np.cos(turn)], axis=1)
    >>> five = board(W, ["Paris", "sandwich", "rain", "violin", "Tuesday"], on=["Paris"])

    Forty lamps, one on, and a width to drag; a thousand, of which three can be pressed:

    >>> random = np.random.default_rng(0)
    >>> forty = board([random.normal(size=(40, m)) / m**0.5 for m in (2, 4, 8)], on=[0])
    >>> many = [random.normal(size=(1000, m)) / m**0.5 for m in (10, 20, 40, 80)]
    >>> squares = [float(np.mean((V[1:] @ V[0]) ** 2)) for V in many]
    >>> thousand = board(many, lamps=[0, 1, 2], on=[0], press="Double m",
    ...                  counters={"mean squared overlap": squares})
    """
    arrows = _arrows(W)
    n = len(arrows[0])
    names = _names(labels, n)
    pressed = _lamps(lamps, names)
    places = _places(state_labels, arrows)
    spans = [len(pressed) * (n + V.shape[1]) for V in arrows]
    if sum(spans) > MOST_NUMBERS:
        raise ValueError(
            f"this board would put {sum(spans):,} numbers in the page, more than {MOST_NUMBERS:,}: "
            f"take fewer places of the slider ({len(arrows)}) or fewer lamps ({len(pressed)})"
        )
    per = 10_000 if sum(spans) <= 20_000 else 1_000
    states = [_state(V, pressed, per, label) for V, label in zip(arrows, places, strict=True)]
    for state, look in zip(
        states, _looks(biases, looks, n, len(pressed), len(states)), strict=True
    ):
        state |= {"look": look} if look else {}
    position = {feature: k for k, feature in enumerate(pressed)}

    def lit(chosen: Sequence[Lamp]) -> list[int]:
        features = [_feature(one, names) for one in chosen]
        for feature in features:
            if feature not in position:
                raise ValueError(f"{names[feature]!r} is no lamp of this board: add it to lamps")
        return sorted(position[feature] for feature in features)

    cut = _cut(bias)
    if not 0 <= at < len(states):
        raise ValueError(f"at must be from 0 to {len(states) - 1}, not {at}")
    settings: dict[str, Any] = dict(
        name=name,
        n=n,
        per=per,
        labels=names,
        lamps=pressed,
        states=states,
        at=at,
        on=lit(on),
        cut=cut,
        cutter=bias is not None,
        frames=[_frame(frame, lit, cut, at, len(states)) for frame in frames],
        strongest=min(int(strongest), n),
        slider=slider,
        press=press,
        counters=_counters(counters or {}, len(states)),
        top=_top(arrows[at], strongest=bool(strongest)),
    )
    widget = BookWidget(kind="board", settings=settings)
    lit_features = [pressed[k] for k in settings["on"]]
    answers = _answers(arrows[at], lit_features, states[at].get("look"))
    widget.fallback = _fallback(np.maximum(0, answers - cut), names, lit_features)
    return widget


def _arrows(W: ArrayLike | Sequence[ArrayLike]) -> list[NDArray[np.float64]]:
    several = isinstance(W, (list, tuple)) and len(W) > 0 and np.ndim(W[0]) == 2
    arrays = [np.asarray(V, dtype=float) for V in (W if several else [W])]  # type: ignore[union-attr]
    for V in arrays:
        if V.ndim != 2 or not V.size or not np.isfinite(V).all():
            raise ValueError(f"a board takes finite arrows of shape (n, m), not {V.shape}")
        if len(V) != len(arrays[0]):
            raise ValueError(
                f"all places of the slider show the same n, not {len(arrays[0])} and {len(V)}"
            )
    return arrays


def _names(labels: Sequence[str] | None, n: int) -> list[str]:
    names = [f"lamp {i + 1}" for i in range(n)] if labels is None else [str(x) for x in labels]
    if len(names) != n:
        raise ValueError(f"{n} arrows need {n} labels, not {len(names)}")
    return names


def _feature(lamp: Lamp, names: Sequence[str]) -> int:
    if isinstance(lamp, str):
        if lamp not in names:
            raise ValueError(f"no lamp is called {lamp!r}: use one of {', '.join(names[:12])} …")
        return names.index(lamp)
    if not 0 <= lamp < len(names):
        raise ValueError(f"lamps are counted from 0 to {len(names) - 1}: there is no {lamp}")
    return int(lamp)


def _lamps(lamps: Sequence[Lamp] | None, names: Sequence[str]) -> list[int]:
    pressed = range(len(names)) if lamps is None else [_feature(one, names) for one in lamps]
    if not 1 <= len(pressed) <= MOST_LAMPS:
        raise ValueError(
            f"a board has 1 to {MOST_LAMPS} lamps to press, not {len(pressed)}: say which by lamps="
        )
    return list(dict.fromkeys(pressed))


def _places(state_labels: Sequence[str] | None, arrows: Sequence[NDArray]) -> list[str]:
    places = [str(V.shape[1]) for V in arrows] if state_labels is None else list(state_labels)
    if len(places) != len(arrows):
        raise ValueError(f"{len(arrows)} arrays need as many state_labels, not {len(places)}")
    return places


def _state(V: NDArray, pressed: Sequence[int], per: int, label: str) -> dict[str, Any]:
    """What one place of the slider ships: whole numbers, `per` to the unit."""
    own = V[pressed]
    whole = [np.rint(part * per).astype(int).tolist() for part in (own, own @ V.T)]
    return dict(m=V.shape[1], label=label, arrows=whole[0], columns=whole[1])


def _looks(
    biases: ArrayLike | None, looks: Sequence[tuple[float, float]], n: int, lamps: int, places: int
) -> list[dict[str, Any] | None]:
    """For each place of the slider its biases and second look; None where it has neither."""
    if biases is None and not looks:
        return [None] * places
    b = np.zeros(n) if biases is None else np.asarray(biases, dtype=float)
    pairs = np.asarray(looks or [(0.0, 0.0)] * places, dtype=float)
    if b.shape != (n,) or not np.isfinite(b).all():
        raise ValueError(f"biases are {n} finite numbers, one a feature, not {b.shape}")
    if pairs.shape != (places, 2) or not np.isfinite(pairs).all():
        raise ValueError(
            f"looks are {places} pairs (scale, cut), one a place of the slider, not {pairs.shape}"
        )
    if lamps < n:
        raise ValueError(f"a second look needs all {n} lamps on the board, not {lamps}")
    return [dict(biases=b.round(4).tolist(), scale=scale, cut=cut) for scale, cut in pairs.tolist()]


def _answers(
    V: NDArray[np.float64], on: Sequence[int], look: Mapping[str, Any] | None
) -> NDArray[np.float64]:
    """What each feature answers before the cut, shape (n,), as readings.js computes it."""
    overlaps = V[on].sum(axis=0) @ V.T
    if look is None:
        return overlaps
    y = np.maximum(0, overlaps + look["biases"])
    return np.asarray(y + look["scale"] * (overlaps - y @ V @ V.T) - look["cut"])


def _cut(bias: float | None) -> float:
    if bias is not None and not -1 <= bias <= 0:
        raise ValueError(f"bias must be from -1 to 0 (the cut is -bias), not {bias}")
    return abs(float(bias or 0))


def _frame(frame: Mapping[str, Any], lit: Any, cut: float, at: int, places: int) -> dict[str, Any]:
    if not {"sentence", "on"} <= set(frame) <= _FRAME_KEYS:
        raise ValueError(f"a frame has a sentence, on, and if wanted cut and at, not {list(frame)}")
    found = dict(sentence=str(frame["sentence"]), on=lit(frame["on"]))
    found |= dict(cut=float(frame.get("cut", cut)), at=int(frame.get("at", at)))
    if not 0 <= found["cut"] <= 1 or not 0 <= found["at"] < places:
        raise ValueError(
            f"a frame's cut lies in 0 to 1, its at in 0 to {places - 1}: {dict(frame)}"
        )
    return found


def _counters(counters: Mapping[str, Sequence[float]], places: int) -> dict[str, list[float]]:
    for what, values in counters.items():
        if len(values) != places:
            raise ValueError(f"the counter {what!r} needs {places} values, not {len(values)}")
    return {what: [float(value) for value in values] for what, values in counters.items()}


def _top(V: NDArray, *, strongest: bool) -> float:
    """The reading that fills a bar: the most that any set of lamps gives, within reason."""
    if strongest:
        return 1.0
    most = np.maximum(V @ V.T, 0).sum(axis=1).max() if len(V) <= 12 else 1.0
    return round(float(np.clip(most, 1.0, 1.65)), 3)


def _fallback(readings: NDArray[np.float64], names: Sequence[str], on: Sequence[int]) -> str:
    """The board on arrival as a figure, for pages without scripts."""
    few = len(names) <= 12
    order = np.arange(len(names)) if few else np.argsort(-readings, kind="stable")[:12]
    fig, ax = plots.figure(size=(5.4, 0.5 + 0.3 * len(order)))
    colours = [plots.BLUE if i in on else plots.ORANGE for i in order]
    ax.barh(range(len(order)), readings[order], color=colours)
    ax.set_yticks(range(len(order)), [names[i] for i in order])
    ax.invert_yaxis()
    ax.set_xlabel("reading")
    lit = ", ".join(names[i] for i in on) or "nothing"
    said = ", ".join(f"{names[i]} {readings[i]:.2f}" for i in order)
    caption = f"On: {lit}. To switch the lamps, this page needs JavaScript."
    return plots.to_svg(fig, f"Readings with {lit} on: {said}.", caption)
