"""Which lines open a group of rows."""

from __future__ import annotations

import pytest

from extractor.text.groups import levels
from extractor.text.structure import Structure

GUESTS = "Table 1\nAnn\nBo\nTable 2\nCem\nDi\nTable 3\nEve\n"
STAFF = "\n".join(
    f"DEPARTMENT {n}\n"
    + "\n".join(f"  Team {n}.{m}\n    Ann Bell{n}{m}, clerk\n    Bo Cole{n}{m}, driver" for m in range(3))
    for n in range(4)
)
DEPARTMENTS = [f"DEPARTMENT {n}" for n in range(4)]
TEAMS = [f"  Team {n}.{m}" for n in range(4) for m in range(3)]
TEXTS = {
    "lines that begin alike": (GUESTS, [["Table 1", "Table 2", "Table 3"]]),
    "below a title": (f"SEATING PLAN\n\n{GUESTS}", [["Table 1", "Table 2", "Table 3"]]),
    "blocks": ("Oak\nchairs\ndesks\n\nAsh\nbeds\nboxes\n\nElm\npews\n", [["Oak", "Ash", "Elm"]]),
    "indented lines": ("Oak\n  chairs\n  desks\nAsh\n  beds\nElm\n  pews\n", [["Oak", "Ash", "Elm"]]),
    "headings": ("# Oak\n\n- chairs\n- desks\n\n# Ash\n\n- beds\n", [["# Oak", "# Ash"]]),
    "groups in groups": (STAFF, [DEPARTMENTS, TEAMS]),
    "rows alone": ("Card 1\nCard 2\nCard 3\nCard 4\n", []),
    "names alone": ("Ann\nBo\nCem\nDi\n", []),
    "one group": ("Present\nAnn\nBo\nCem\n", []),
    "nothing": ("", []),
}


@pytest.mark.parametrize("kind", TEXTS)
def test_what_comes_again_above_other_lines_opens_a_group(kind: str) -> None:
    """The widest groups are first; lines that only follow one another open none."""
    text, expected = TEXTS[kind]
    structure = Structure(text)
    items = [start for index, start in enumerate(structure.lines.starts) if structure.lines[index].strip()]
    headings = {heading.start for heading in structure.headings}
    found = levels(structure, [start for start in items if start not in headings])
    opened = [[structure.lines[structure.lines.at(start)] for start in starts] for starts in found]
    assert opened[: len(expected)] == expected
    assert expected or not opened
