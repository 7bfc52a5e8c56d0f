"""The table of how a value is read by kind: plain ones with what they mean, then those that stay as they are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.repair.kinds import (
    CANONICAL,
    PRESENT_TEXT,
    absent,
    choose,
    is_elision,
    is_plain_text,
    read,
    says_left_out,
)
from extractor.schema.text import Digits

PLAIN: dict[str, dict[Any, Any]] = {
    "decimal": {
        "7": "7",
        "-0.50": "-0.50",
        "12345678901234567890.123456789": "12345678901234567890.123456789",
        "1,250.75": "1250.75",
        "1.250,75": "1250.75",
        "1 250,75": "1250.75",
        "1\u202f250,75": "1250.75",
        "1'250.75": "1250.75",
        "1’250’000": "1250000",
        "12,34,567.80": "1234567.80",
        "2.500.000": "2500000",
        "3,5": "3.5",
        "0,375": "0.375",
        "$42": "42",
        "42 €": "42",
        "CHF 42.00": "42.00",
        "42.00CHF": "42.00",
        "42,50 Euro": "42.50",
        "Rs. 42/-": "42",
        "12 dollars": "12",
        "US$ 42": "42",
        "€ -42": "-42",
        "−42": "-42",
        "42-": "-42",
        "(1,250.75)": "-1250.75",
        "8.5 %": "8.5",
        "8,5%": "8.5",
        "+3": "3",
        ".5": ".5",
        "1_000": "1000",
        "５００": "500",
        "１，２５０．７５": "1250.75",
        "¥3,400": "3400",
        "3,400円": "3400",
        "42,-": "42",
        "42.–": "42",
        "Rp 2.500.000": "2500000",
        "42 руб.": "42",
        "USD $42.50": "42.50",
        "42 EUROS": "42",
        "US dollars 42": "42",
        "1.250,75 TL": "1250.75",
        "฿1,250.75": "1250.75",
        "١٬٢٥٠٫٧٥": "1250.75",
        "5 million": "5000000",
        "1.5k": "1500",
        "€2,5 Mio.": "2500000",
        "3 lakh": "300000",
        "3万": "30000",
        "2½": "2.5",
        "-½": "-0.5",
        "-1 ¼": "-1.25",
        "¾": "0.75",
    },
    "integer": {"12": 12, "12.0": 12, "3,400": 3400, "3 400": 3400, "3,400,000": 3400000, "-7": -7, "12 %": 12},
    "number": {"12": 12, "12.5": 12.5, "12,5": 12.5, "£3,400.10": 3400.1, "1e3": 1000.0},
    "date": {
        "2031-07-09": "2031-07-09",
        "2031/7/9": "2031-07-09",
        "2031.07.09": "2031-07-09",
        "20310709": "2031-07-09",
        "9 July 2031": "2031-07-09",
        "July 9, 2031": "2031-07-09",
        "9th of July, 2031": "2031-07-09",
        "Wednesday, 9 July 2031": "2031-07-09",
        "Wed 9 Jul 2031": "2031-07-09",
        "9-JUL-2031": "2031-07-09",
        "9. Juli 2031": "2031-07-09",
        "9 juillet 2031": "2031-07-09",
        "mercredi 9 juillet 2031": "2031-07-09",
        "Mi 9. Juli 2031": "2031-07-09",
        "9 de julio de 2031": "2031-07-09",
        "19/07/2031": "2031-07-19",
        "07/19/2031": "2031-07-19",
        "07/07/2031": "2031-07-07",
        "9.7.2031": "2031-07-09",
        "2031年7月9日": "2031-07-09",
        "２０３１年７月９日": "2031-07-09",
        "2031년 7월 9일": "2031-07-09",
        "2031. 7. 9.": "2031-07-09",
        "2031-W28-3": "2031-07-09",
        "9 июля 2031 г.": "2031-07-09",
        "9 lipca 2031": "2031-07-09",
        "9. července 2031": "2031-07-09",
        "9 Temmuz 2031": "2031-07-09",
        "9 juli 2031": "2031-07-09",
        "9º de julho de 2031": "2031-07-09",
        "9 de set. de 2031": "2031-09-09",
        "July 9, 2031 (Wednesday)": "2031-07-09",
        "2031-07-09 (Wednesday)": "2031-07-09",
        "2031-07-09Z": "2031-07-09",
        "2031-07-09+02:00": "2031-07-09",
        "7.19.2031": "2031-07-19",
        "2031-07-09T23:30:00+02:00": "2031-07-09",
        "9 July 2031, 8:15 am": "2031-07-09",
    },
    "datetime": {
        "2031-07-09": "2031-07-09",
        "2031-07-09 08:15": "2031-07-09 08:15",
        "2031-07-09T08:15:00Z": "2031-07-09T08:15:00Z",
        "July 9, 2031 at 8:15 PM": "2031-07-09T20:15:00",
        "9 July 2031 08:15 UTC": "2031-07-09T08:15:00Z",
        "19/07/2031 8:15": "2031-07-19T08:15:00",
        "9.7.2031, 8:15 Uhr": "2031-07-09T08:15:00",
        "2031年7月9日 8時15分": "2031-07-09T08:15:00",
        "20310709T081500": "2031-07-09T08:15:00",
        "2031-07-09T08:15-05:00": "2031-07-09T08:15-05:00",
        "2031-07-09T08:15:00+01": "2031-07-09T08:15:00+01:00",
        "2031-07-09 08:15 UTC+2": "2031-07-09T08:15:00+02:00",
        "2031-07-09 08:15 (UTC+2)": "2031-07-09T08:15:00+02:00",
        "08:15, 19/07/2031": "2031-07-19T08:15:00",
        "8:15 PM on July 9, 2031": "2031-07-09T20:15:00",
        "9.7.2031 8.15 Uhr": "2031-07-09T08:15:00",
        "9 juillet 2031 à 8h15": "2031-07-09T08:15:00",
    },
    "time": {
        "08:15": "08:15",
        "8:15": "08:15:00",
        "8:15 pm": "20:15:00",
        "8 p.m.": "20:00:00",
        "12 am": "00:00:00",
        "12:05 PM": "12:05:00",
        "20h15": "20:15:00",
        "2031-07-09T08:15:30": "08:15:30",
        "08:15:00-05:00": "08:15:00-05:00",
    },
    "duration": {"PT90M": "PT90M", "90 minutes": "PT90M", "1 hour and 5 min": "PT1H5M", "3 weeks": "P21D"}
    | {"1h 30m": "PT1H30M", "1.5 hours": "PT5400S", "2 Stunden": "PT2H", "P2DT3H": "P2DT3H", "PT2.5S": "PT2.5S"},
    "boolean": {
        "yes": True,
        "NO": False,
        "True": True,
        "off": False,
        "ja": True,
        "faux": False,
        "はい": True,
        1: True,
        0: False,
    },
    "string": {"7": "7", 7: "7", Digits("7.10"): "7.10", "[a@b.example](mailto:a@b.example)": "a@b.example"},
    "url": {"[https://b.example](https://b.example)": "https://b.example"},
}

REFUSED: dict[str, list[Any]] = {
    "decimal": ["3,400", True, "NaN", "-inf", "Infinity"],
    "integer": ["3.400", False, "nan"],
    "number": ["3,400", "3.400", True, "inf", float("inf"), "1e999"],
    "date": ["07/09/2031", "1/2/2031", "2031", 2031, 1941148800, "1941148800", 2031.5],
    "datetime": ["07/09/2031 08:15", "2031", 2031, "1941148800", "2031-07-09 08:15-11:00"],
    "time": ["2031", 815, "815", 29700, "08:15-11:00", "8:15 – 9:30"],
    "duration": ["1:30", "90", 90, 2031, "P1M", "P2Y", "P1Y2M3DT4H"],
}

UNREAD: dict[str, list[Any]] = {
    "decimal": [
        "about 5",
        "5 kg",
        "5 or 6",
        "1,2,345",
        "12.34.56",
        "--5",
        "five million",
        "5 K",
        "2万5000",
        "1億2345万",
        "1 million 500",
        "50¢",
        "",
        "x",
    ],
    "integer": ["12.5", "a dozen"],
    "date": [
        "July 2031",
        "9 July 31",
        "09/07/31",
        "9. listopada 2031",
        "set 9 2031",
        "9 out of 2031",
        "2031-W28",
        "2031-02-30",
        "tomorrow",
        "9 July 2031 25:00",
        "Q3 2031",
    ],
    "datetime": ["2031-07", "July 2031", "noon, July 9, 2031", "Mitternacht, 9. Juli 2031"],
    "time": ["25:00", "noon", "13 pm"],
    "duration": ["5 m", "3 months", "a while"],
    "boolean": ["maybe", "x", 2, 0.5],
    "uuid": ["7"],
}


def rows(table: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(kind, each) for kind, values in table.items() for each in values]


@pytest.mark.parametrize(("kind", "answer"), rows(PLAIN))
def test_plain(kind: str, answer: Any) -> None:
    """A value that can mean one thing is read as that, and is noted where it changed."""
    wanted, meant = PLAIN[kind][answer], read(kind, answer)
    assert (meant.value, type(meant.value), meant.problem) == (wanted, type(wanted), "")
    assert bool(meant.note) == (type(answer) is not type(wanted) or answer != wanted)


@pytest.mark.parametrize(("kind", "answer"), rows(REFUSED))
def test_ambiguous_or_of_another_kind(kind: str, answer: Any) -> None:
    """What can mean two things, or is a number where a date is wanted, stays as it is and is a problem."""
    meant = read(kind, answer)
    assert (meant.value, bool(meant.problem)) == (answer, True)


@pytest.mark.parametrize(("kind", "answer"), rows(UNREAD))
def test_unread(kind: str, answer: Any) -> None:
    """What is no value of the kind is left to the schema's own judgement."""
    meant = read(kind, answer)
    assert (meant.value, meant.note) == (answer, "")


@pytest.mark.parametrize("text", [" " * 100_000 + "x", "(" * 100_000 + "x", "1-2 " * 25_000, "a ( " * 25_000])
def test_long_text_takes_no_long_time(text: str) -> None:
    """Text that no pattern fits is left as it is, in a time that grows with its length."""
    assert all(read(kind, text).value == text for kind in (*CANONICAL, "string", "boolean"))
    assert is_plain_text(text)
    assert PRESENT_TEXT.match(text)


def test_a_problem_names_both_meanings() -> None:
    """The words of a problem go back to the model, so they say what is not clear."""
    assert read("decimal", "3,400").problem == "'3,400' can mean 3.400 or 3400"
    assert read("date", "07/09/2031").problem == "'07/09/2031' can mean two dates"
    assert read("datetime", 2031).problem == "2031 is a number, and no date and time"


def test_a_share_in_percent() -> None:
    """Where a field holds parts of one, a percentage is divided; else it is the number that is printed."""
    assert read("number", "8.5 %", {"maximum": 1}).value == 0.085
    assert read("decimal", "8.5 %", {"maximum": 1.0}).value == "0.085"
    assert read("number", "8.5 %", {"maximum": 100}).value == 8.5


def test_digits_are_kept() -> None:
    """A JSON number for a decimal keeps every digit that was written."""
    assert read("decimal", Digits("98765432109876543.21")).value == "98765432109876543.21"
    assert read("decimal", Digits("0.10")).value == "0.10"


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3).map(str))
def test_decimals_as_asked_for_are_never_touched(text: str) -> None:
    """A decimal in plain digits is that decimal."""
    assert read("decimal", text).value == text


@given(st.dates())
def test_every_date_is_read_by_its_names(day: Any) -> None:
    """Day, month in words and year are read in either order, whatever the date."""
    for form in (f"{day.day} {day:%B} {day.year:04}", f"{day:%B} {day.day}, {day.year:04}"):
        assert read("date", form).value == day.isoformat()


@given(st.dates(), st.sampled_from("/-"))
def test_two_orders_are_never_guessed(day: Any, joint: str) -> None:
    """A date in figures is read only where day and month cannot change places."""
    meant = read("date", f"{day.day}{joint}{day.month}{joint}{day.year:04}")
    assert bool(meant.problem) == (day.day <= 12 and day.day != day.month)
    assert meant.problem or meant.value == day.isoformat()


@pytest.mark.parametrize(
    ("answer", "constants", "meant"),
    [
        ("ON HOLD", ("on_hold", "open"), "on_hold"),
        ("On-Hold", ("on_hold", "open"), "on_hold"),
        (" open ", ("on_hold", "open"), "open"),
        ("3", (3, 4), 3),
        (3.0, (3, 4), 3),
        ("true", (True, None), True),
        ("None", (None, "none"), "none"),
        ("null", (None, "none"), None),
        ("closed", ("on_hold", "open"), "closed"),
        ("AB", ("ab", "a_b"), "AB"),
        ("ab", ("ab", "AB"), "ab"),
        ("", ("", "x"), ""),
        ("open!", ("on_hold", "open"), "open"),
        ("'on hold'", ("on_hold", "open"), "on_hold"),
        ("Cafe", ("café", "bar"), "café"),
        ("Invoices", ("invoice", "receipt"), "invoice"),
        ("goods", ("good", "bad"), "goods"),
        ("9.2", ("v1.2", "x"), "9.2"),
        (True, ("no", "yes"), "yes"),
        ("Nein", ("Y", "N", "unknown"), "N"),
        ("yes", (True,), True),
        (False, ("NO", "SE", "DK"), False),
        ("ja", ("yes", "maybe"), "ja"),
        (-1, ("1", "-1"), "-1"),
        ("1", (-1, 2), "1"),
        ("1.5", (15, 30), "1.5"),
        ("v12", ("v1.2", "v1.3"), "v12"),
        ("net30", ("Net 30", "Net-60"), "Net 30"),
    ],
)
def test_choices(answer: Any, constants: tuple[Any, ...], meant: Any) -> None:
    """The one constant that a value can mean in another case or with other joints; two that fold alike are none."""
    chosen = choose(answer, constants)
    assert (chosen.value, type(chosen.value)) == (meant, type(meant))


@pytest.mark.parametrize("answer", ["CREDIT_NOTE", "Credit note", "Kind.CREDIT_NOTE", "credit-notes", "CN"])
def test_a_choice_by_its_name(answer: str) -> None:
    """A constant is meant by its value, and by what it is called."""
    assert choose(answer, ("cn", "inv"), ("CREDIT_NOTE", "INVOICE")).value == "cn"


def test_a_flag_is_no_number() -> None:
    """True is none of the numbers of a choice, though Python takes it for 1."""
    assert choose(True, (1, 2)).problem == "true is none of the choices"


@pytest.mark.parametrize(
    "answer",
    [
        *("", " - ", "—", "N/A", "n.a.", "N.A", "NULL", "None", "Unknown", "not specified", "Not Found"),
        *(
            "keine Angabe",
            "なし",
            "[not found]",
            "N / A",
            "<unknown>",
            "???",
            "néant",
            "не указано",
            "not mentioned in the document",
            "Information not available",
            "is not given here.",
        ),
    ],
)
def test_words_for_absence(answer: str) -> None:
    """Words that say that there is no value, in any case."""
    assert absent(answer)


@pytest.mark.parametrize(
    "answer", ["0", "no", "--x", "Nora", "nothing", None, 0, "n/a today", "not for sale", "not found guilty of it"]
)
def test_words_that_are_values(answer: Any) -> None:
    """A value that only begins like such a word is none of them."""
    assert not absent(answer)


@pytest.mark.parametrize(
    ("sentence", "left_out"),
    [
        ("I stopped after 2 rows.", True),
        ("rows 3-9 not shown", True),
        ("Items 3 to 14 follow the same structure.", True),
        ("Would you like me to continue?", True),
        ("This is a partial extraction.", True),
        ("The list is not exhaustive.", True),
        ("I have listed the first stop; ask me for the other two.", True),
        ("Voss was skipped, as it is a transfer.", True),
        ("The complete list, nothing omitted.", False),
        ("No rows were omitted.", False),
        ("There are no other entries in the document.", False),
        ("Tell me if there are any further items.", False),
        ("Rows 1-3 are on page 1.", False),
        ("The other party is Nora.", False),
        ("The stop is limited to the data of the document.", False),
        ("I stopped at the total.", False),
        ("The address is not shown.", False),
    ],
)
def test_sentences_about_what_is_left_out(sentence: str, left_out: bool) -> None:
    """A sentence beside an answer says that it is not all, or that it is."""
    assert says_left_out(sentence) == left_out


@pytest.mark.parametrize(
    "answer", ["...", "…", "[...]", "( … )", "....", "... 12 more", "... (and 3 others)", "…remaining"]
)
def test_elisions(answer: str) -> None:
    """Text in place of what was left out."""
    assert is_elision(answer)
    assert not is_plain_text(answer)


@pytest.mark.parametrize("text", ["<first name>", "{{ name }}", "string"])
def test_placeholders(text: str) -> None:
    """Text of a template in place of a value."""
    assert not is_plain_text(text)


@pytest.mark.parametrize("answer", ["..", "Wait...", "... and then he left", "3.5", "", None, 3, "…is it?"])
def test_text_with_dots(answer: Any) -> None:
    """Text that has an ellipsis in it is text."""
    assert not is_elision(answer)


@pytest.mark.parametrize("text", ["Nora", "a < b > c", "<b>bold</b>", "strings", "[1]", "", "3.5"])
def test_plain_text(text: str) -> None:
    """Text that is only what it says."""
    assert is_plain_text(text)
