"""Which of several places: with the rest of the record, in order, near its label, and one value to a place."""

from __future__ import annotations

from typing import Any

from extractor.extraction.ground import ground

INVOICE = """\
Tea shop, 5 Harbour Road. Invoice 5

Item        Qty   Price   Amount
Green tea     2    5.00    10.00
Black tea     5    2.00    10.00
Black tea     1    2.00     2.00
Cup           5    5.00    25.00

Total  47.00    Paid 47.00
"""


def starts(value: Any, text: str) -> dict[str, int]:
    return {path: spans[0].start for path, spans in ground(value, text).items() if spans}


def lines(text: str, found: dict[str, int]) -> dict[str, int]:
    """The line number of each start."""
    return {path: text.count("\n", 0, start) for path, start in found.items()}


def test_rows_of_a_table() -> None:
    """Every value of a row stands in its row, equal rows in order, equal values of a row in separate places."""
    rows = [
        {"item": "Green tea", "qty": 2, "price": 5.0, "amount": 10.0},
        {"item": "Black tea", "qty": 5, "price": 2.0, "amount": 10.0},
        {"item": "Black tea", "qty": 1, "price": 2.0, "amount": 2.0},
        {"item": "Cup", "qty": 5, "price": 5.0, "amount": 25.0},
    ]
    got = starts({"rows": rows}, INVOICE)
    assert len(got) == 16
    assert lines(INVOICE, got) == {f"/rows/{n}/{name}": 3 + n for n, row in enumerate(rows) for name in row}
    assert len(set(got.values())) == 16
    assert got["/rows/2/price"] < got["/rows/2/amount"]


def test_labels() -> None:
    """Of equal amounts, each field takes the one that its name stands before."""
    got = starts({"paid": 47.0, "total": 47.0}, INVOICE)
    assert got == {"/paid": INVOICE.rindex("47.00"), "/total": INVOICE.index("47.00")}


def test_long_list_of_equal_records() -> None:
    """Equal records are placed one after another, none twice."""
    text = "Row: tea 5\n" * 200
    got = starts({"rows": [{"item": "tea", "n": 5}] * 200}, text)
    assert [got[f"/rows/{n}/item"] for n in range(200)] == [11 * n + 5 for n in range(200)]
    assert [got[f"/rows/{n}/n"] for n in range(200)] == [11 * n + 9 for n in range(200)]


def test_values_that_other_records_share() -> None:
    """A value that stands in every record is placed in its own, forwards and backwards."""
    text = "".join(
        f"{name} is a Democrat of Ohio, born in {1900 + n}. " for n, name in enumerate(["Ann", "Bob", "Cid"])
    )
    people = [{"born": 1902 - n, "party": "Democrat", "name": name} for n, name in enumerate(["Cid", "Bob", "Ann"])]
    got = starts({"people": people}, text)
    size = len("Ann is a Democrat of Ohio, born in 1900. ")
    assert {path: start // size for path, start in got.items()} == {
        f"/people/{n}/{name}": 2 - n for n in range(3) for name in ("born", "party", "name")
    }


def test_a_short_value_far_from_its_record() -> None:
    """A short value that stands only far from the rest of its record is another record's."""
    text = "Ann Miller, 12 May 1990, of Ohio" + " and so on" * 500 + ", district 0."
    got = starts({"people": [{"name": "Ann Miller", "born": "1990-05-12", "district": 0}]}, text)
    assert set(got) == {"/people/0/name", "/people/0/born"}


def test_places_do_not_depend_on_order_of_fields() -> None:
    """The same record is placed the same however its fields are ordered."""
    row = {"item": "Cup", "qty": 5, "price": 5.0, "amount": 25.0}
    forwards, backwards = (starts({"rows": [dict(order)]}, INVOICE) for order in (row.items(), [*row.items()][::-1]))
    assert forwards["/rows/0/item"] == backwards["/rows/0/item"]
    assert {forwards["/rows/0/qty"], forwards["/rows/0/price"]} == {
        backwards["/rows/0/qty"],
        backwards["/rows/0/price"],
    }


def test_rows_under_a_heading_that_they_share() -> None:
    """Alike rows stay below each other though the date that all of a section share stands far above them."""
    days = ["6 January 2020", "13 January 2020", "20 January 2020"]
    text, rows, expected = "", [], {}
    for number, day in enumerate(days):
        text += f"SITTING OF {day.upper()}\n\n"
        for entry in range(25):
            minute, speaker = f"10:{entry // 2:02}", ["Mr Dahl", "Ms Abel", "Mr Abel"][entry * entry % 3]
            expected |= {f"/rows/{len(rows)}/time": len(text), f"/rows/{len(rows)}/speaker": len(text) + 6}
            rows.append({"day": f"2020-01-{6 + 7 * number:02}", "time": minute, "speaker": speaker, "said": "seconded"})
            text += f"{minute} {speaker} seconded.\n"
        text += "\n"
    got = starts({"rows": rows}, text)
    assert {path: start for path, start in got.items() if path in expected} == expected
    assert {text[got[f"/rows/{n}/day"] :][:2] for n in range(25, 50)} == {"13"}


def test_far_facts_stand_beside_the_name_there() -> None:
    """What is said of a record in another part is found beside its number there, though nobody declared a key."""
    towns, offices = ["Lindau", "Marlow", "Oakham"], ["auditor", "treasurer"]
    people = [{"member_no": f"M{100 + n}", "town": towns[n % 3], "office": offices[n // 2 % 2]} for n in range(40)]
    text = "".join(f"{one['member_no']} of {one['town']} was entered in the roll of the guild.\n" for one in people)
    text += "Nothing else was entered in that year, and the book was closed. " * 8 + "\n"
    text += "".join(f"As {one['office']} serves member {one['member_no']} from now on.\n" for one in people[::-1])
    got = lines(text, starts({"people": people}, text))
    assert {got[f"/people/{n}/town"] == n and got[f"/people/{n}/office"] == 80 - n for n in range(40)} == {True}


def test_the_usual_side() -> None:
    """A field that stands before the others in all records does so in the one whose next neighbour says the same."""
    names = ["Heron", "Ibis", "Dolphin", "Gannet", "Heron", "Heron", "Ibis", "Ibis"]
    rows = [{"name": name, "port": f"Port {n}", "built": 1950 + n} for n, name in enumerate(names)]
    text = "".join(f"{row['name']}\n  of the place called {row['port']}\n  built {row['built']}\n" for row in rows)
    got = lines(text, starts({"rows": rows}, text))
    assert [got[f"/rows/{n}/name"] for n in range(8)] == [3 * n for n in range(8)]


def test_lines_that_begin_with_a_dash() -> None:
    """A dash that begins a line of a list makes no number negative; one that stands on the number does."""
    text = "On 1 May:\n- 1 x bolt\n- 2 x nut\n- 1 x bolt\nbalance -2\n"
    lines_of = [{"n": 1, "item": "bolt"}, {"n": 2, "item": "nut"}, {"n": 1, "item": "bolt"}]
    got = starts({"lines": lines_of, "balance": -2}, text)
    assert [got[f"/lines/{n}/n"] for n in range(3)] == [text.index("1 x"), text.index("2 x"), text.rindex("1 x")]
    assert got["/balance"] == text.index("-2")
