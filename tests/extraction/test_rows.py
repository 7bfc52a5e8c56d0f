"""Rows before leaves: each value in its own row, or nowhere."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.extraction.ground import Range, ground, place_rows

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
    found = {path: spans[0].start for path, spans in ground(value, text).items() if spans}
    return {path: start for path, start in found.items() if start is not None}


def lines(text: str, found: dict[str, int]) -> dict[str, int]:
    """The line number of each start."""
    return {path: text.count("\n", 0, start) for path, start in found.items()}


@pytest.mark.parametrize("order", [("income", "expenses"), ("expenses", "income")])
@pytest.mark.parametrize("labelled", [True, False])
def test_lists_of_one_shape(order: tuple[str, str], labelled: bool) -> None:
    """Lists with equal rows stand below their labels; without labels one behind the other, in their order."""
    rows = [{"month": month, "amount": 100.0} for month in ("Jan", "Feb", "Mar")]
    table = "".join(f"{row['month']}  100.00\n" for row in rows)
    text = f"Income of 2025\n{table}\nExpenses\n{table}" if labelled else f"Hall 1\n{table}\nHall 2\n{table}"
    got = lines(text, starts(dict.fromkeys(order, rows), text))
    first, second = ("income", "expenses") if labelled else order
    assert {path: line for path, line in got.items() if path.endswith("month")} == {
        **{f"/{first}/{n}/month": 1 + n for n in range(3)},
        **{f"/{second}/{n}/month": 6 + n for n in range(3)},
    }


def test_a_list_is_placed_below_the_line_that_names_it_best() -> None:
    """A title that names all lists, and years in names of lists, leave no doubt which of two equal tables is which."""
    rows = [{"name": "Ann", "points": 5}, {"name": "Bob", "points": 7}]
    table = "Ann  5\nBob  7\n"
    text = f"Winners of 2023 and 2024\n\nWinners 2023\n{table}\nWinners 2024\n{table}"
    got = lines(text, starts({"winners_2024": rows, "winners_2023": rows}, text))
    assert [got[f"/winners_2023/{n}/name"] for n in range(2)] == [3, 4]
    assert [got[f"/winners_2024/{n}/name"] for n in range(2)] == [7, 8]


def test_records_of_labelled_figures() -> None:
    """Records that hold nothing but small figures are told by the labels before these."""
    rows = [{"no": n + 1, "injured": n % 3 + 1, "hours": n % 4 + 1} for n in range(12)]
    text = "".join(f"Incident no {row['no']}\nInjured: {row['injured']}\nHours: {row['hours']}\n\n" for row in rows)
    got = lines(text, starts({"rows": rows}, text))
    assert got == {f"/rows/{n}/{name}": 4 * n + at for n in range(12) for at, name in enumerate(rows[0])}


def test_rows_beside_one_another() -> None:
    """Rows of two columns of a page, listed column by column, stand each in its own column."""
    left = [("Roof", "Ana", 120), ("Wall", "Bo", 90), ("Door", "Ana", 90)]
    right = [("Sink", "Bo", 120), ("Lamp", "Ana", 90), ("Tile", "Cy", 120)]
    cells = [f"{job}  {who}  {cost}" for job, who, cost in left + right]
    text = "".join(f"{one:<30}{other}\n" for one, other in zip(cells[:3], cells[3:], strict=True))
    rows = [{"job": job, "who": who, "cost": cost} for job, who, cost in left + right]
    got = starts({"rows": rows}, text)
    at = [text.index(cell, 44 * (n % 3)) for n, cell in enumerate(cells)]
    assert {path: at[int(path[6])] <= start < at[int(path[6])] + 15 for path, start in got.items()} == {
        f"/rows/{n}/{name}": True for n in range(6) for name in ("job", "who", "cost")
    }


def test_a_place_is_one_value_of_a_row() -> None:
    """A number in a date or in the line above is no quantity of a row that says it in a place of its own."""
    pages = "".join(f"Page {n}\n{n} units in {n} hours\n2 units in 7 hours\n" for n in range(1, 5))
    units = [{"unit": one, "hours": other} for n in range(1, 5) for one, other in ((n, n), (2, 7))]
    got = starts({"rows": units}, pages)
    assert len(set(got.values())) == len(got) == 16
    assert all(pages[start:].partition(" ")[2].startswith(("units", "hours")) for start in got.values())

    mails = "From: Kim\nDate: 3 Nov 2025\nSend 40 boxes\n\nFrom: Ray\nDate: 30 Oct 2025\nHow many of 30?\n"
    rows = [{"by": "Kim", "day": "2025-11-03", "boxes": 40}, {"by": "Ray", "day": "2025-10-30", "boxes": 30}]
    assert starts({"mails": rows}, mails)["/mails/1/boxes"] == mails.index("30?")


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


def test_items_that_several_parts_speak_of() -> None:
    """An item is placed in each of the stretches that it was read from, in whatever order it is spoken of there."""
    towns, offices = ["Lindau", "Marlow", "Oakham"], ["auditor", "treasurer"]
    people = [{"member_no": f"M{100 + n}", "town": towns[n % 3], "office": offices[n // 2 % 2]} for n in range(40)]
    first = "".join(f"{one['member_no']} of {one['town']} was entered in the roll of the guild.\n" for one in people)
    second = "".join(f"As {one['office']} serves member {one['member_no']} from now on.\n" for one in people[::-1])
    cut = len(first)
    spans = ground({"people": people}, first + second, rows={"/people": [[(0, cut), (cut, cut + len(second))]] * 40})
    got = lines(first + second, {path: one[0].start for path, one in spans.items() if one and one[0].start is not None})
    assert {(got[f"/people/{n}/town"], got[f"/people/{n}/office"]) == (n, 79 - n) for n in range(40)} == {True}


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


class Page:
    """A text in the making, that knows where each value was written."""

    def __init__(self, text: str = "") -> None:
        self.text = text
        self.gold: dict[str, Range] = {}

    def write(self, text: str) -> Page:
        self.text += text
        return self

    def value(self, path: str, text: str, width: int = 0) -> Page:
        """Write a value; right of its column for a negative width."""
        self.text += " " * max(0, -width - len(text))
        self.gold[path] = (len(self.text), len(self.text) + len(text))
        self.text += text.ljust(width) if width > 0 else text
        return self

    def misplaced(self, value: Any, **options: Any) -> tuple[dict[str, str], set[str]]:
        """What was placed elsewhere, with what is there; and what was placed nowhere."""
        wrong, none = {}, set()
        for path, spans in ground(value, self.text, **options).items():
            start, end = self.gold.get(path, (-1, -1))
            if not spans or spans[0].start is None or spans[0].end is None:
                none |= {path} & self.gold.keys()
            elif not (spans[0].start < end and start < spans[0].end):
                wrong[path] = self.text[spans[0].start - 20 : spans[0].end]
        return wrong, none


def test_a_page_of_equal_rows() -> None:
    """Rows that are equal to the last figure stand one after the other, their equal values in their columns."""
    page, rows = Page("Harbour toll\n\nDescription  Qty  Price  Amount\n"), []
    for n in range(90):
        page.value(f"/rows/{n}/what", "Ferry, one car", 18).value(f"/rows/{n}/qty", "1", -4)
        page.value(f"/rows/{n}/price", "2.50", -8).value(f"/rows/{n}/amount", "2.50", -9).write("\n")
        rows.append({"what": "Ferry, one car", "qty": 1, "price": 2.5, "amount": 2.5})
    assert page.write("\nTotal 225.00\n").misplaced({"rows": rows}) == ({}, set())


@pytest.mark.parametrize("form", ["{day:02}.{month:02}.2025", "{day:02}.{month:02}.", "{month}/{day}", "{day} Feb"])
def test_a_statement(form: str) -> None:
    """Two movements a day, running balances, debits that equal the balance; the year may stand in a heading."""
    page, rows, balance = (
        Page("Movements 1 February 2025 to 28 February 2025\n\nDay  Text  Debit  Credit  Balance\n"),
        [],
        40,
    )
    for n in range(60):
        path, day, amount, credit = f"/rows/{n}", n // 3 + 3, [4, 10, 4, 20][n % 4], n % 4 in (1, 2)
        balance += amount if credit else -amount
        page.value(f"{path}/day", form.format(day=day, month=2), 12).value(f"{path}/text", ["Kiosk", "Ferry"][n % 2], 8)
        if credit:
            page.write(" " * 10).value(f"{path}/credit", f"{amount}.00", -10)
        else:
            page.value(f"{path}/debit", f"{amount}.00", -10).write(" " * 10)
        page.value(f"{path}/balance", f"{balance}.00", -10).write("\n")
        amounts = {"debit": None if credit else float(amount), "credit": float(amount) if credit else None}
        rows.append(
            {"day": f"2025-02-{day:02}", "text": ["Kiosk", "Ferry"][n % 2], **amounts, "balance": float(balance)}
        )
    assert page.misplaced({"rows": rows}) == ({}, set())


def test_a_day_of_another_month_is_not_completed() -> None:
    """A date is completed by a heading only where its day and month stand in the row."""
    text = "Year 2025\n03.02.  Kiosk  4.50\n04.02.  Kiosk  4.50\n"
    rows = [{"day": "2025-02-03", "text": "Kiosk"}, {"day": "2025-02-05", "text": "Kiosk"}]
    assert set(starts({"rows": rows}, text)) == {"/rows/0/day", "/rows/0/text", "/rows/1/text"}


def test_group_rows() -> None:
    """Rows draw on the group row above them, also where groups of one name come twice."""
    page, rows = Page("Stock\n\nItem  Qty\n"), []
    for group in ("Fruit", "Vegetables", "Fruit"):
        at = len(page.text) + 1
        page.write(f"\n{group}\n")
        for _ in range(5):
            n = len(rows)
            page.value(f"/rows/{n}/item", ["apple", "pear"][n % 2], 8).value(f"/rows/{n}/qty", str(n % 3), -3).write(
                "\n"
            )
            page.gold[f"/rows/{n}/group"] = (at, at + len(group))
            rows.append({"group": group, "item": ["apple", "pear"][n % 2], "qty": n % 3})
    assert page.misplaced({"rows": rows}) == ({}, set())


def test_a_value_of_no_own_is_not_another_rows() -> None:
    """A value that its row does not say is not taken from the next row that does."""
    text = "Ash   Oslo   4\nElm          7\nFir   Rome   9\n"
    rows = [
        {"tree": "Ash", "city": "Oslo", "n": 4},
        {"tree": "Elm", "city": "Rome", "n": 7},
        {"tree": "Fir", "city": "Rome", "n": 9},
    ]
    got = lines(text, starts({"rows": rows}, text))
    assert got == {
        f"/rows/{n}/{name}": n for n in range(3) for name in ("tree", "city", "n") if (n, name) != (1, "city")
    }


@pytest.mark.parametrize("order", ["name state code", "code name state", "state code name", "state name code"])
@pytest.mark.parametrize("gap", ["", "\n"])
def test_records_of_several_lines(order: str, gap: str) -> None:
    """Each line of a record is its own, whatever line names it, and whether or not blank lines part the records."""
    page, rows = Page("Register\n\n"), []
    for n in range(30):
        row = {
            "name": ["Ann Berg", "Bo Dahl"][n * n % 3 % 2],
            "state": ["open", "closed"][n % 3 % 2],
            "code": f"R-{40 + n}",
        }
        for field in order.split():
            page.write(f"{field}: ").value(f"/rows/{n}/{field}", row[field]).write("\n")
        page.write(gap)
        rows.append(row)
    assert page.misplaced({"rows": rows}) == ({}, set())


def test_inner_lists() -> None:
    """Items of an inner list stand in the passage of their outer item, equal ones one after the other."""
    page, orders = Page("Orders\n"), []
    for n in range(12):
        path, order = f"/orders/{n}", {"no": f"PO-{700 + n}", "lines": list[Any]()}
        page.write("\nOrder ").value(f"{path}/no", order["no"]).write("\n")
        for line in range(n % 4):
            page.write("  ").value(f"{path}/lines/{line}/what", "bolt", 6).value(
                f"{path}/lines/{line}/qty", "10", -4
            ).write("\n")
            order["lines"].append({"what": "bolt", "qty": 10})
        orders.append(order)
    assert page.misplaced({"orders": orders}) == ({}, set())


def test_a_record_goes_on_behind_its_stretch() -> None:
    """The last record of a stretch is aligned with those before it, though the list in it goes on in the next one."""
    text, orders = "", list[dict[str, Any]]()
    for n in range(8):
        text += f"Order of {'Ava' if n % 2 else 'Ben'} on {n % 4 + 11} May\n" + "  - 2 x pen\n" * 3
        pens = [{"item": "pen", "qty": 2}] * 3
        orders.append({"by": "Ava" if n % 2 else "Ben", "day": f"{n % 4 + 11} May", "lines": pens})
    cut = text.index("Order", 4 * len(text) // 8) - 12
    stretches = [(0, cut)] * 4 + [(cut, len(text))] * 4
    spans = ground({"orders": orders}, text, rows={"/orders": stretches})
    got = lines(text, {path: one[0].start for path, one in spans.items() if one and one[0].start is not None})
    assert {path: line for path, line in got.items() if path.endswith("day")} == {
        f"/orders/{n}/day": 4 * n for n in range(8)
    }
    assert {got[f"/orders/3/lines/{n}/qty"] for n in range(3)} == {13, 14, 15}


def test_rows_are_aligned_in_their_stretch() -> None:
    """A row begins in the stretch that it was read from, though an equal one stands before that."""
    text = "Tea  5.00\n" * 3 + "Cup  7.00\n" + "Tea  5.00\n"
    tea = {"what": "Tea", "price": 5.0}
    got = ground({"rows": [tea, tea]}, text, rows={"/rows": [(10, 30), (30, len(text))]})
    assert [got[f"/rows/{n}/what"][0].start for n in range(2)] == [10, 40]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("ABC", [0, 7, 14]),
        ("AC", [0, 14]),
        ("AXC", [0, None, 14]),
        ("CB", [14, 7]),
        ("ABCA", [0, 7, 14, 21]),
        ("X", [None]),
        ("", []),
    ],
)
def test_place_rows(names: str, expected: list[int | None]) -> None:
    """Items in the order of the text, items of which some are not there, and items in another order."""
    text = "".join(f"{name * 4} {n}\n" for n, name in enumerate("ABCA"))
    found = place_rows([{"name": name * 4} for name in names], text)
    assert [one and one[0] for one in found] == expected
    assert all(one is None or text[one[0] : one[1]].strip() == text[one[0] : one[0] + 6] for one in found)


def test_rows_that_the_model_left_out() -> None:
    """Lines of which no item speaks belong to none, though they look like those before and after."""
    page, rows, balance = Page(), [], Decimal(0)
    for n in range(120):
        balance += Decimal("1.25") * (n % 3 + 1)
        if n % 5 == 2:
            page.write(f"{n // 10 + 1:02}.01.2026 pear  {balance}\n")
            continue
        path = f"/rows/{len(rows)}"
        page.value(f"{path}/day", f"{n // 10 + 1:02}.01.2026").write(" ").value(f"{path}/what", "pear", 6)
        page.value(f"{path}/balance", str(balance)).write("\n")
        rows.append({"day": f"2026-01-{n // 10 + 1:02}", "what": "pear", "balance": str(balance)})
    assert page.misplaced({"rows": rows}) == ({}, set())


CELLS = st.tuples(
    st.sampled_from(["tea", "cup", "red jar"]), st.sampled_from(["1.50", "2.00", "10.00"]), st.integers(0, 3)
)
NOISE = st.sampled_from(["", "carried forward 2.00", "page 2", "tea", "----", "see cup"])


@given(
    st.lists(st.tuples(CELLS, st.lists(NOISE, max_size=2)), min_size=1, max_size=12),
    st.sampled_from(["  ", " | ", "\t", "; "]),
)
def test_a_cell_is_placed_in_its_own_row_or_nowhere(table: list[Any], mark: str) -> None:
    """Whatever a table says, and whatever lines stand between its rows, no cell is placed in another row."""
    page, rows = Page("What  Price  Qty\n"), []
    for (what, price, qty), noise in table:
        start = len(page.text)
        page.write(f"{what}{mark}{price}{mark}{qty}{mark}#{100 + len(rows)}\n")
        for name in ("what", "price", "qty", "code"):
            page.gold[f"/rows/{len(rows)}/{name}"] = (start, len(page.text))
        rows.append({"what": what, "price": float(price), "qty": qty, "code": f"#{100 + len(rows)}"})
        page.write("".join(f"{line}\n" for line in noise))
    assert page.misplaced({"rows": rows}) == ({}, set())


@given(st.lists(CELLS, min_size=1, max_size=15))
def test_equal_rows_follow_the_text(table: list[Any]) -> None:
    """Without anything that names a row, rows stand where they stand in the order of the text."""
    page, rows = Page(), []
    for what, price, qty in table:
        start = len(page.text)
        page.write(f"{what}  {price}  {qty}\n")
        page.gold |= {f"/rows/{len(rows)}/{name}": (start, len(page.text)) for name in ("what", "price", "qty")}
        rows.append({"what": what, "price": float(price), "qty": qty})
    assert page.misplaced({"rows": rows}) == ({}, set())


MEALS = {
    "a line each": ("{ward}\n    {dish}\n", "    ({remark})\n"),
    "labels": ("Ward: {ward}\nDish: {dish}\n", "Remark: {remark}\n"),
    "bullets": ("- {ward}: {dish}\n", "  note {remark}\n"),
    "sentences": ("To {ward} the kitchen sent\nthe dish of {dish}.\n", "It came with {remark}.\n"),
}


@pytest.mark.parametrize("form", MEALS)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["A1", "B2"]), st.sampled_from(["soup", "fish"]), st.sampled_from(["", "salt", "ice"])
        ),
        min_size=1,
        max_size=30,
    )
)
def test_records_of_several_lines_that_are_nearly_equal(form: str, meals: list[tuple[str, str, str]]) -> None:
    """Records without a blank line between them, a last line in some: each value stands in its own record."""
    page, rows = Page("MEAL ROUNDS\n\n"), []
    for ward, dish, remark in meals:
        row, start = {"ward": ward, "dish": dish, **({"remark": remark} if remark else {})}, len(page.text)
        page.write((MEALS[form][0] + (MEALS[form][1] if remark else "")).format(ward=ward, dish=dish, remark=remark))
        page.gold |= {f"/rows/{len(rows)}/{name}": (start, len(page.text)) for name in row}
        rows.append(row)
    misplaced, _ = page.misplaced({"rows": rows})
    assert misplaced == {}


STATES, CHAMBERS, FATES = (
    ("VERMONT", "VIRGINIA", "OHIO"),
    ("SENATORS", "DELEGATES"),
    ("Resigned in May", "Died in June"),
)


@given(
    st.lists(
        st.tuples(
            st.booleans(),
            st.sampled_from(STATES),
            st.sampled_from(CHAMBERS),
            st.lists(st.sampled_from(FATES), min_size=1, max_size=4),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_headings_that_repeat(groups: list[tuple[bool, str, str, list[str]]]) -> None:
    """What a row takes from a heading stands in the nearest one above it: in no earlier one of the same words, and in
    none below, also where a heading is a running title that goes on in a second line."""
    page, rows, number = Page(), [], 0
    for new, state, chamber, fates in groups:
        if new or not rows:
            number += 1
            assembly = (len(page.text), len(page.write(f"ASSEMBLY N{number}\nHorace Wheaton\n\n").text))
        head = (len(page.text), len(page.write(f"{state}\n").text))
        below = (len(page.text), len(page.write(f"{chamber}\n").text))
        for fate in fates:
            row = {"assembly": f"ASSEMBLY N{number}", "state": state, "chamber": chamber, "name": f"Member {len(rows)}"}
            start = len(page.text)
            own = (start, len(page.write(f"{row['name']}. {fate}.\n").text))
            places = {"assembly": assembly, "state": head, "chamber": below, "name": own, "fate": own}
            page.gold |= {f"/rows/{len(rows)}/{name}": place for name, place in places.items()}
            rows.append({**row, "fate": fate})
        page.write("\n")
    assert page.misplaced({"rows": rows})[0] == {}


COMMITTEES = """\
Committee on Orchards
Chair: Ada Quill

Committee on Wells
Chair: Bo Larch. Members: 9

OFFICES
Committee on Orchards: 15 Church Road, Leeds
Committee on Wells: 7 Mill Lane, York, with 12 rooms
"""


def test_a_number_beside_the_name_of_an_item_is_no_evidence() -> None:
    """A number that the record does not print is not found in another line that names the item, unless labelled."""
    rows = [
        {"name": "Committee on Orchards", "chair": "Ada Quill", "members": 15},
        {"name": "Committee on Wells", "chair": "Bo Larch", "members": 9},
    ]
    got = starts({"rows": rows}, COMMITTEES)
    assert "/rows/0/members" not in got
    assert lines(COMMITTEES, got)["/rows/1/members"] == 4
    labelled = COMMITTEES.replace("15 Church Road", "members 15, Church Road")
    assert lines(labelled, starts({"rows": rows}, labelled))["/rows/0/members"] == 7


def test_a_row_out_of_order_is_placed_at_its_line() -> None:
    """Of a list that follows the text except for some rows, those are sought in the lines that no other row has."""
    rows = [{"name": f"Lamp {n % 4}", "code": f"K-{100 + 7 * n}", "price": n + 0.5} for n in range(12)]
    text = "".join(f"{row['name']}  {row['code']}  {row['price']:.2f}\n" for row in rows)
    order = [*range(1, 9), 0, 11, 9, 10]
    placed = place_rows([rows[n] for n in order], text)
    assert [place and text.count("\n", 0, place[0]) for place in placed] == order


TOLLS = [{"day": f"0{n % 9 + 1}.03.", "text": f"Toll gate {n}", "sum": n + 2.5} for n in range(60)]
TRIPS = [{"day": f"0{n * n % 5 + 1}.03.", "text": ["Ferry", "Toll"][n % 7 % 2], "sum": n % 4 + 2.5} for n in range(60)]


@pytest.mark.parametrize("rows", [TOLLS, TRIPS])
@pytest.mark.parametrize(("first", "last"), [(0, 60), (0, 40), (15, 40), (20, 45), (20, 60)])
def test_rows_of_neighbours_take_no_line_from_a_row(rows: list[dict[str, Any]], first: int, last: int) -> None:
    """Each line of a stretch has a row that is all there, though rows from before or behind it say some of the same."""
    written = [f"{row['day']}  {row['text']}  {row['sum']:.2f}\n" for row in rows]
    offsets = [sum(map(len, written[:n])) for n in range(61)]
    start, end = offsets[20], offsets[40]
    text, listed = "".join(written), rows[first:last]
    found = zip(listed, place_rows(listed, text, start=start, end=end), strict=True)
    held = {text.rfind("\n", 0, place[0]) + 1: row for row, place in found if place}
    assert held == dict(zip(offsets[20:40], rows[20:40], strict=True))
