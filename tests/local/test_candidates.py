"""What a document offers each kind of field."""

from __future__ import annotations

import json
import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.local.candidates import currencies, dates, moments, numbers, times


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Total 13,50 EUR", ["13.50"]),
        ("Sum 1,540 yen", ["1.540", "1540"]),
        ("1.234.567,89", ["1234567.89"]),
        ("Fr. 2'000.50", ["2000.50"]),
        ("Refund -5.00, fee (12.00)", ["-5.00", "5.00", "-12.00", "12.00"]),
        ("1 234,50 EUR", ["1", "1234.50", "234.50"]),
        ("Nothing to pay", []),
        ("0.00 and 007", ["0.00", "7"]),
        ("EUR 640 a day, and two days of analysis", ["640", "2"]),
    ],
)
def test_numbers(text: str, expected: list[str]) -> None:
    """Numbers come plain, in the order of the text, with each reading of an unclear one."""
    assert list(numbers(text)) == expected


@given(st.text(alphabet="0123456789.,' -()€%kx\n", max_size=40))
def test_every_number_is_json(text: str) -> None:
    """Whatever is printed, each candidate is a JSON number."""
    for number in numbers(text):
        assert Decimal(number) == Decimal(str(json.loads(number, parse_float=str, parse_int=str)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-14", ["2026-02-14"]),
        ("Datum: 14.02.2026 07:52", ["2026-02-14"]),
        ("03/04/2026", ["2026-04-03", "2026-03-04"]),
        ("6 de febrero de 2026", ["2026-02-06"]),
        ("January 23rd, 2026", ["2026-01-23"]),
        ("2026年2月8日", ["2026-02-08"]),
        ("11-Feb-2026", ["2026-02-11"]),
        ("Check #2096, 12 items", []),
        ("Sent 16 March 2026; please answer by 18 March", ["2026-03-16", "2026-03-18"]),
        ("März 2026\n02.03. Kiosk 7.12\n05/03 Bäcker", ["2026-03-02", "2026-02-03", "2026-03-05", "2026-05-03"]),
        ("16 Dec 2024 and 2 Jan 2025, for 29 February", ["2025-01-02", "2024-12-16", "2024-02-29"]),
        ("on 18 March", []),
    ],
)
def test_dates(text: str, expected: list[str]) -> None:
    """Dates come as ISO 8601, in both orders where the text leaves it open; a day alone in the years of the text."""
    assert list(dates(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("07:52", ["07:52:00"]),
        ("at 12:18 PM, then 4:05 am", ["12:18:00", "04:05:00"]),
        ("à 16h40", ["16:40:00"]),
        ("06:33:10", ["06:33:10"]),
        ("13.50 EUR", []),
    ],
)
def test_times(text: str, expected: list[str]) -> None:
    """Times of day come with seconds, on the clock of 24 hours."""
    assert list(times(text)) == expected


def test_moments() -> None:
    """A date with a time is every date at every time, or at midnight."""
    assert moments("3 May 2026, 14:30") == ("2026-05-03T14:30:00", "2026-05-03T00:00:00")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Summe EUR 6,90", {"EUR"}),
        ("£13.84", {"GBP"}),
        ("¥1,540", {"JPY", "CNY"}),
        ("CA$ 5, 12 kr", {"USD", "CAD", "AUD", "MXN", "NZD", "SGD", "SEK", "NOK", "DKK", "ISK"}),
        ("Fr. 2.50, S/ or PEN 3", {"CHF", "PEN"}),
        ("EUROPE", set()),
    ],
)
def test_currencies(text: str, expected: set[str]) -> None:
    """Codes that stand in the text, and those that a sign may mean."""
    assert set(currencies(text)) == expected


@given(st.text(max_size=200))
def test_nothing_is_invented(text: str) -> None:
    """Any text gives candidates without an error, and each date is a date."""
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) for day in dates(text))
    assert all(re.fullmatch(r"[A-Z]{3}", code) for code in currencies(text))
    assert numbers(text) is not None
