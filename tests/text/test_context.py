"""Context: what a reader of a part alone would miss, in lines of the document."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.text.context import context
from extractor.text.structure import Structure
from extractor.text.tokens import count_tokens
from tests.text.test_cuts import TEXTS

ROWS = "".join(f"M{n:03}   Oak      {n:>8}\n" for n in range(40))
M = ["M018   Oak            18", "M019   Oak            19"]
TABLE = f"Lot    Kind          Sum\n                  (euro)\n{ROWS}"


def above(text: str, mark: str, room: int = 1000) -> list[str]:
    return context(Structure(text), text.index(mark), len(text), room=room).splitlines()


@pytest.mark.parametrize(
    ("text", "mark", "lines"),
    [
        (TABLE, "M020", ["Lot    Kind          Sum", "                  (euro)", *M]),
        (
            f"HARBOUR LTD\nPeriod 2025\n\nAssets\n(in thousands)\n{TABLE}",
            "M020",
            [
                *["HARBOUR LTD", "Period 2025", "Assets", "(in thousands)"],
                *["Lot    Kind          Sum", "                  (euro)", *M],
            ],
        ),
        (
            "Voucher  Text        Sum\nCentre 41: Works\nV1       Nails        20\nV2       Paint         9\n"
            "Centre 42: Canteen\nV3       Bread         4\nV4       Salt          1\n",
            "V4 ",
            ["Voucher  Text        Sum", "Centre 42: Canteen", "V3       Bread         4"],
        ),
        (
            "Lot     Kind     Weight\n1       Oak         300\n2       Larch       301\n3       ditto       302\n"
            "4       ditto       303\n5       ditto       304\n6       ditto       305\n",
            "6 ",
            [
                *["Lot     Kind     Weight", "2       Larch       301"],
                *["4       ditto       303", "5       ditto       304"],
            ],
        ),
        (
            "lot;kind;weight\n1;Oak;300\n2;Larch;301\n3;;302\n4;;303\n5;;304\n6;;305\n",
            "6;",
            ["lot;kind;weight", "2;Larch;301", "4;;303", "5;;304"],
        ),
        (
            'LEASE\n\nBetween Maple Estates Ltd ("the Lessor") and Quarry Bakers LLP.\n\n'
            + "".join(f"{n}. The Lessor shall keep item {n} in good repair.\n\n" for n in range(1, 30)),
            "20. ",
            [
                *["LEASE", 'Between Maple Estates Ltd ("the Lessor") and Quarry Bakers LLP.'],
                "19. The Lessor shall keep item 19 in good repair.",
            ],
        ),
        (
            "SURVEY\n\nSite North\n\n" + "".join(f"Valve {n} was found open.\n" for n in range(20)) + "\nSite South\n\n"
            "" + "".join(f"Valve {n} was found shut.\n" for n in range(20)),
            "Valve 9 was found shut",
            ["SURVEY", "Site North", "Site South", "Valve 8 was found shut."],
        ),
    ],
    ids=["header", "captions", "group row", "ditto", "empty cells", "defined term", "heading"],
)
def test_context_of_a_part_is_above_it(text: str, mark: str, lines: list[str]) -> None:
    """Header rows, captions, the group row, the row before, definitions, headings: in the document's order, once."""
    assert above(text, mark) == lines


@pytest.mark.parametrize("indent", ["", "  "])
def test_groups_within_groups_are_all_open(indent: str) -> None:
    """Where group rows stand within others, each that holds for a row is shown, however far above it."""
    lines = ["Item     Pieces  Shelf"]
    for land in ("Chile", "Ghana"):
        lines.append(f"Land {land}")
        for port in ("Aro", "Bex", "Cay"):
            lines += [f"{indent}Port {port}", *(f"{indent * 2}Nut {n:02}        {n:>2}     {n % 5}" for n in range(12))]
    text = "\n".join(lines)
    found = context(Structure(text), text.rindex("Nut 07"), len(text), room=1000).splitlines()
    assert [line for line in found if "Ghana" in line or "Cay" in line] == ["Land Ghana", f"{indent}Port Cay"]
    assert not any("Bex" in line for line in found)


def test_groups_that_only_their_order_tells_are_open() -> None:
    """A group row right above another one stays open where the inner one is followed by one of its kind."""
    europe = "Europe\nFrance\nParis       10\nLyon        20\nSpain\nMadrid      30\nSoria       40\n"
    text = f"Town        Sum\n{europe}Asia\nJapan\nOsaka       50\nKobe        60\n"
    found = context(Structure(text), text.index("Soria"), len(text), room=100).splitlines()
    assert found == ["Town        Sum", "Europe", "Spain", "Madrid      30"]


@pytest.mark.parametrize(("mark", "above"), [("  (b)", "2. Duties of the clerk:"), ("    two", "  (b) the keys:")])
def test_what_a_line_is_indented_under_is_shown(mark: str, above: str) -> None:
    """However far above it stands."""
    text = "1. Rooms:\n  (a) the hall\n2. Duties of the clerk:\n  (a) the post\n  (b) the keys:\n    one\n    two\n"
    assert above in context(Structure(text), text.index(mark), len(text), room=100).splitlines()


def test_sections_that_have_ended_are_left_out() -> None:
    """Beyond the first lines of the document, only open headings are context."""
    body = "A paragraph of words that tells of nothing in particular, and ends.\n\n" * 9
    text = f"# Book\n\n## One\n\n{body}## Two\n\n### Deep\n\n{body}## Three\n\n{body}The end."
    assert [line for line in above(text, "The end.") if line.startswith("##")] == ["## One", "## Three"]


def test_the_last_lines_stand_below_what_is_shown() -> None:
    """Notes and totals at the end of a document, unless the part shows them itself."""
    text = f"{TABLE}Total            780\n\nAll sums include tax.\n"
    structure = Structure(text)
    start, end = text.index("M010"), text.index("M020")
    assert context(structure, start, end, room=500).splitlines()[-2:] == [
        "Total            780",
        "All sums include tax.",
    ]
    assert "All sums" not in context(structure, start, len(text), room=500)


def test_where_room_is_short_the_header_comes_first() -> None:
    """Then the rows near, then what is further off."""
    text = f"HARBOUR LTD\nPeriod 2025\n\n{TABLE}"
    assert above(text, "M020", room=0) == []
    assert above(text, "M020", room=14) == ["Lot    Kind          Sum", "                  (euro)"]


@given(TEXTS, st.integers(0, 60), st.integers(0, 300))
def test_context_is_of_the_document_and_keeps_to_its_room(text: str, place: int, room: int) -> None:
    """Each of its lines is one of the lines above, none twice, in at most so many tokens."""
    structure = Structure(text)
    start = len(text) * place // 60
    found = context(structure, start, len(text), room=room)
    assert count_tokens(found) <= room
    rest = iter(structure.lines)
    assert all(any(line in whole for whole in rest) for line in found.split("\n") if line)


def test_a_defined_term_is_explained_wherever_it_is_used() -> None:
    """However far above it was defined, unless the part does without it."""
    body = "A paragraph of words that tells of nothing in particular, and ends.\n\n" * 40
    text = (
        f'LEASE\n\n{body}In this part, Maple Estates Ltd ("Maple") lets the hall. It is old.\n\n'
        f"“Term” means the years until 2030.\n\n{body}Maple keeps the roof in repair for the Term.\n\n{body}The end."
    )
    assert above(text, "Maple keeps")[-2:] == [
        'In this part, Maple Estates Ltd ("Maple") lets the hall.',
        "“Term” means the years until 2030.",
    ]
    assert not any("Maple" in line for line in above(text, "The end."))


@pytest.mark.parametrize(
    ("defined", "used"),
    [
        ('In this lease Maple Estates Ltd is called "the Lessor" throughout.', "The Lessor keeps the roof in repair."),
        ("Entre Maple SA (ci-après « le Bailleur ») et un tiers il est convenu :", "Le Bailleur répare le toit."),
        ("Die Ahorn GmbH heißt im Folgenden „Vermieter“ und handelt für sich.", "Der Vermieter hält das Dach."),
    ],
)
def test_a_term_between_quotation_marks_of_any_kind(defined: str, used: str) -> None:
    """Where it stands between them a single time; what is quoted time and again is speech."""
    body = "A paragraph of words that tells of nothing in particular, and ends.\n\n" * 40
    speech = '"Well now" said he. "Well now" said she.\n\n'
    text = f"LEASE\n\n{body}{speech}{defined}\n\n{body}{used} Well now.\n\n{body}The end."
    assert defined in above(text, used)
    assert not any("said she" in line for line in above(text, used))


def test_the_caption_of_a_table_that_a_part_begins_with() -> None:
    """It stands above the part also where the header is the first line of it."""
    table = "Debt       Sum\n" + "".join(f"Debt {n:03d}   {n + 20}\n" for n in range(20))
    text = f"ACME\n\nSchedule of assets\n(in thousands)\n\n{TABLE}\nSchedule of debts\n(in millions)\n\n{table}"
    assert {"Schedule of debts", "(in millions)"} <= set(above(text, "Debt       Sum"))


def test_of_a_very_long_line_there_are_its_first_sentences() -> None:
    """A paragraph on one line is not lost, nor does it take all of the room."""
    text = "The parties are Maple Ltd and Quarry LLP. " + "They agree on many things. " * 90 + "\n\nThe end."
    (line,) = above(text, "The end.")
    assert line.startswith("The parties are Maple Ltd and Quarry LLP. They agree on many things.")
    assert line.endswith("things.")
    assert len(line) <= 600
