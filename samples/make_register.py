"""Write the book-length sample: `python samples/make_register.py`. The same bytes every time.

A register of companies in five parts. One company's facts stand hundreds of thousands of characters apart; the
district stands in a heading that entries do not repeat; some names are borne by several companies, told apart by
number alone; some capitals and seats change. gold.jsonl holds the whole answer, the span of each value, and
`facts`: for each passage that states something, which fields of which record it states, so that a perfect answer
can be given to any part of the text.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from register_words import (
    DISTRICTS,
    FAMILY,
    FIRST_NAMES,
    FORMS,
    NOTES,
    PREAMBLE,
    REASONS,
    ROLES,
    STORIES,
    TRADES,
)

FOLDER = Path(__file__).parent / "register"
SEED, COMPANIES, FIRST_YEAR, LAST_YEAR = 1897, 730, 1961, 2025
MONTHS = [dt.date(2000, month, 1).strftime("%B") for month in range(1, 13)]


@dataclass(slots=True)
class Company:
    """One record of the gold, with what its prose needs beside it."""

    number: str
    name: str
    district: str
    seat: str
    trade: str
    entered: dt.date
    capital: int
    officers: list[tuple[str, str]]
    new_capital: int | None = None
    new_seat: str | None = None
    dissolved: dt.date | None = None


@dataclass(slots=True)
class Book:
    """The text as it grows, and what is known about each passage of it."""

    pieces: list[str] = field(default_factory=list)
    length: int = 0
    spans: dict[str, list[list[int]]] = field(default_factory=dict)
    facts: list[dict[str, Any]] = field(default_factory=list)

    def write(self, text: str) -> int:
        """Append, and tell where it starts."""
        start = self.length
        self.pieces.append(text)
        self.length += len(text)
        return start

    def state(self, record: int, passage: str, fields: dict[str, str], **beside: Any) -> None:
        """Append a passage that states `fields`: pointer below the record -> the words that state it.

        Words that may occur twice are told apart by what stands before them: "before|words"; the article of "the
        5th of May" is not part of the date. `beside` is kept with the fact: `under` (pointer -> span of the heading
        that states it) and `once` (pointer -> a value that a later passage replaces).
        """
        start = self.write(passage)
        for pointer, passages in fields.items():
            before, _, words = passages.removeprefix("the ").rpartition("|")
            at = start + passage.index(before + words) + len(before)
            self.spans.setdefault(f"/companies/{record}{pointer}", []).append([at, at + len(words)])
        stated = {name: value for name, value in beside.items() if value}
        self.facts.append({"record": record, "span": [start, self.length], "fields": list(fields), **stated})


def companies(random: Random) -> list[Company]:
    """The records, in the order of their first appearance."""
    found: list[Company] = []
    for index in range(COMPANIES):
        district = index * len(DISTRICTS) // COMPANIES
        twin = found[-random.randint(20, 60)] if len(found) > 60 and random.random() < 0.04 else None
        found.append(_company(random, district, serial=index, twin=twin))
    return found


def _company(random: Random, district: int, *, serial: int, twin: Company | None) -> Company:
    name, towns = list(DISTRICTS.items())[district]
    trade = random.choice(sorted(TRADES))
    entered = _day(random, FIRST_YEAR, LAST_YEAR - 2)
    company = Company(
        number=f"{district + 1}-{1000 + serial * 7 + random.randint(0, 6)}",
        name=twin.name if twin else _name(random, trade),
        district=name,
        seat=random.choice(towns),
        trade=trade,
        entered=entered,
        capital=random.randint(4, 400) * 500,
        officers=_officers(random),
    )
    if random.random() < 0.38:
        company.new_capital = company.capital + random.randint(2, 300) * 500
    if random.random() < 0.12:
        company.new_seat = random.choice([town for town in towns if town != company.seat])
    if random.random() < 0.13:
        company.dissolved = _day(random, LAST_YEAR - 1, LAST_YEAR)
    return company


def _day(random: Random, first: int, last: int) -> dt.date:
    return dt.date(random.randint(first, last), random.randint(1, 12), random.randint(1, 28))


def _name(random: Random, trade: str) -> str:
    family, other = random.sample(FAMILY, 2)
    return random.choice(FORMS).format(family=family, other=other, trade=trade.title())


def _officers(random: Random) -> list[tuple[str, str]]:
    names: dict[str, str] = {}
    for _ in range(random.choice((1, 2, 2, 3, 4))):
        names[f"{random.choice(FIRST_NAMES)} {random.choice(FAMILY)}"] = random.choice(ROLES)
    return list(names.items())


def _written(random: Random, day: dt.date) -> str:
    month = MONTHS[day.month - 1]
    forms = (
        f"{day.day} {month} {day.year}",
        f"{month} {day.day}, {day.year}",
        f"the {_nth(day.day)} of {month} {day.year}",
    )
    return random.choice(forms)


def _nth(day: int) -> str:
    ending = "th" if 10 < day < 14 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"


def _prose(random: Random, company: Company, templates: list[str], count: int) -> str:
    tool, goods, place = TRADES[company.trade]
    words = {"tool": tool, "goods": goods, "place": place, "trade": company.trade}
    words |= {"person": f"{random.choice(FIRST_NAMES)} {random.choice(FAMILY)}", "far": random.choice(FAMILY)}
    return " ".join(
        template.format(**words, count=random.randint(3, 97)) for template in random.sample(templates, count)
    )


def entries(book: Book, random: Random, register: list[Company]) -> None:
    """Part I, by district: the heading names the district, and the entries below it do not."""
    book.write("PART I. ENTRIES\n\n")
    heading: list[int] = []
    for record, company in enumerate(register):
        if record == 0 or register[record - 1].district != company.district:
            start = book.write(f"DISTRICT OF {company.district.upper()}\n\n")
            heading = [start, book.length - 2]
        passage, fields = _entry(random, company)
        book.state(record, passage, fields, under={"/district": heading}, once=_replaced(company))
        place = [heading[0] + len("DISTRICT OF "), heading[1]]
        book.spans.setdefault(f"/companies/{record}/district", []).append(place)
        book.write(f" {_prose(random, company, STORIES, random.randint(4, 6))}\n\n")


def _entry(random: Random, company: Company) -> tuple[str, dict[str, str]]:
    day, capital = _written(random, company.entered), f"{company.capital:,}"
    fields = {"/number": company.number, "/name": company.name, "/entered": day, "/trade": company.trade}
    shape = random.choice(
        (
            "Under No. {number} there was entered on {day} {name}, for the trade of {trade}.",
            "{name} was entered on {day} under No. {number}; its trade is {trade}.",
            "No. {number}, {name}, has carried on the trade of {trade} and stands entered since {day}.",
        )
    )
    first = shape.format(number=company.number, name=company.name, day=day, trade=company.trade)
    fields["/seat"] = "" if company.new_seat else company.seat
    fields["/capital"] = "" if company.new_capital else capital
    second = f"It has its seat at {company.seat} and a capital of {capital} crowns."
    return f"{first} {second}", {pointer: words for pointer, words in fields.items() if words}


def _replaced(company: Company) -> dict[str, str]:
    """What Part I states and Part III takes back."""
    capital = {"/capital": str(company.capital)} if company.new_capital else {}
    return capital | ({"/seat": company.seat} if company.new_seat else {})


def appointments(book: Book, random: Random, register: list[Company]) -> None:
    """Part II, by month: who holds which office. A company's officers may stand under two months."""
    book.write("PART II. OFFICERS\n\n")
    notices = [(record, group) for record, company in enumerate(register) for group in _groups(random, company)]
    random.shuffle(notices)
    for at, (record, group) in enumerate(notices):
        if at * 12 // len(notices) != (at - 1) * 12 // len(notices) or at == 0:
            book.write(f"{MONTHS[at * 12 // len(notices)].upper()}\n\n")
        company = register[record]
        fields = {"/number": company.number, "/name": company.name}
        for place in group:
            name, role = company.officers[place]
            fields |= {f"/officers/{place}/name": name, f"/officers/{place}/role": f"{name} as |{role}"}
        held = " and ".join("{} as {}".format(*company.officers[place]) for place in group)
        passage = f"{company.name}, entered as No. {company.number}, gives notice that it is served by {held}."
        book.state(record, passage, fields)
        book.write(f" {_prose(random, company, NOTES, random.randint(1, 2))}\n\n")


def _groups(random: Random, company: Company) -> list[list[int]]:
    places = list(range(len(company.officers)))
    cut = random.randint(1, len(places) - 1) if len(places) > 2 and random.random() < 0.4 else len(places)
    return [group for group in (places[:cut], places[cut:]) if group]


def changes(book: Book, random: Random, register: list[Company]) -> None:
    """Part III: new capital, new seat."""
    book.write("PART III. CHANGES\n\n")
    for record in random.sample(range(len(register)), len(register)):
        company = register[record]
        if company.new_capital or company.new_seat:
            passage, fields = _change(random, company)
            book.state(record, passage, fields)
            book.write(f" {_prose(random, company, NOTES, 1)}\n\n")


def _change(random: Random, company: Company) -> tuple[str, dict[str, str]]:
    passage = f"By a resolution of {_written(random, _day(random, 2024, 2025))} {company.name}, No. {company.number},"
    fields = {"/number": company.number, "/name": company.name}
    if company.new_capital:
        fields["/capital"] = f"{company.new_capital:,}"
        passage += f" raised its capital from {company.capital:,} to {company.new_capital:,} crowns"
    if company.new_seat:
        fields["/seat"] = company.new_seat
        passage += f"{' and' if company.new_capital else ''} moved its seat from {company.seat} to {company.new_seat}"
    return f"{passage}.", fields


def inspections(book: Book, random: Random, register: list[Company]) -> None:
    """Part IV: what the inspectors saw; names companies and states nothing else of the record."""
    book.write("PART IV. NOTES OF THE INSPECTORS\n\n")
    for record in random.sample(range(len(register)), len(register)):
        company = register[record]
        opening = random.choice(("The inspectors called on {} (No. {}).", "Of {}, No. {}, it is noted what follows."))
        passage = opening.format(company.name, company.number)
        book.state(record, passage, {"/number": company.number, "/name": company.name})
        book.write(f" {_prose(random, company, STORIES + NOTES, random.randint(3, 5))}\n\n")


def strikings(book: Book, random: Random, register: list[Company]) -> None:
    """Part V: companies that are no more."""
    book.write("PART V. COMPANIES STRUCK OFF\n\n")
    gone = [record for record, company in enumerate(register) if company.dissolved]
    for record in random.sample(gone, len(gone)):
        company = register[record]
        assert company.dissolved
        day = _written(random, company.dissolved)
        passage = f"{company.name}, No. {company.number}, was struck off on {day} {random.choice(REASONS)}."
        book.state(record, passage, {"/number": company.number, "/name": company.name, "/dissolved": day})
        book.write(f" {_prose(random, company, NOTES, 1)}\n\n")


def answer(register: list[Company]) -> dict[str, Any]:
    """The gold answer, in the shape of schemas/bulletin.py."""
    return {"companies": [_record(company) for company in register]}


def _record(company: Company) -> dict[str, Any]:
    return {
        "number": company.number,
        "name": company.name,
        "district": company.district,
        "seat": company.new_seat or company.seat,
        "trade": company.trade,
        "entered": company.entered.isoformat(),
        "capital": str(company.new_capital or company.capital),
        "officers": [{"name": name, "role": role} for name, role in company.officers],
        "dissolved": company.dissolved.isoformat() if company.dissolved else None,
    }


def write() -> Iterator[tuple[str, str]]:
    """File name and content, for each file of the folder."""
    random, book = Random(SEED), Book()
    register = companies(random)
    book.write(PREAMBLE)
    for part in (entries, appointments, changes, inspections, strikings):
        part(book, random, register)
    yield "register.txt", "".join(book.pieces)
    gold = {"document": "register.txt", "value": answer(register), "spans": book.spans, "facts": book.facts}
    yield "gold.jsonl", json.dumps(gold, ensure_ascii=False, separators=(",", ":")) + "\n"


def main() -> None:
    """Write samples/register/."""
    FOLDER.mkdir(exist_ok=True)
    for name, content in write():
        (FOLDER / name).write_text(content, "utf-8", newline="\n")


if __name__ == "__main__":
    main()
