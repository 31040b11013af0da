"""The comparison of two runs of a page sees a number that moved, and nothing else."""

from __future__ import annotations

import json

import pytest
from nbformat import v4

import twice


def page(svg: str, printed: str = "loss 0.25", table: str = "m  1e-3", other_order: bool = False):  # type: ignore[no-untyped-def]
    data = {"image/svg+xml": svg, "text/plain": table}
    data = dict(reversed(data.items())) if other_order else data
    outputs = [
        v4.new_output("stream", name="stdout", text=printed),
        v4.new_output("stream", name="stderr", text=f"a warning at {id(svg)}"),
        v4.new_output("display_data", data=data),
    ]
    return v4.new_notebook(cells=[v4.new_code_cell("x", id="one", outputs=outputs)])


def with_words(notebook):  # type: ignore[no-untyped-def]
    """The page as it is committed; the build's cache keeps the cells of code alone."""
    return v4.new_notebook(cells=[v4.new_markdown_cell("words"), *notebook.cells])


BEFORE = page('<g id="p1a2"><use href="#m4f"/><path d="M 1.5 2"/></g>')


def test_names_in_the_states_of_a_widget_are_names_too() -> None:
    states = [json.dumps([f'<g id="p{k}"><path d="M {k} 2"/></g>', f"at 0x7f{k}c"]) for k in (1, 3)]
    assert [len(twice.shown(page(x).cells[0])) for x in states] == [4, 4]
    assert len(twice.differences(page(states[0]), page(states[1]))[1]) == 1


def test_the_same_numbers_under_other_names_are_the_same() -> None:
    count, found = twice.differences(
        BEFORE,
        with_words(
            page('<g id="p9b"><use href="#m77"/><path d="M 1.5 2.0000001"/></g>', other_order=True)
        ),
    )
    assert (count, found) == (4, [])


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (page('<g id="p1a2"><use href="#m4f"/><path d="M 1.5 2.1"/></g>'), "one: 2, then 2.1"),
        (page('<path d="M 1.5 2"/>', printed="loss 0.26"), "one: 0.25, then 0.26"),
        (page('<path d="M 1.5 2"/>', table="m  2e-3"), "one: 1e-3, then 2e-3"),
        (page('<path d="M 1.5 2 3"/>'), "one: 4 numbers, then 5"),
    ],
)
def test_a_number_that_moved_is_found(other, says: str) -> None:  # type: ignore[no-untyped-def]
    assert says in twice.differences(BEFORE, other)[1]
