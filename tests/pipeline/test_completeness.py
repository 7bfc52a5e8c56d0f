"""A document is ok only when nothing is known to be missing: what falls short is asked for again, and told."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import orjson
import pytest
from pydantic import BaseModel

from extractor import Extractor, Key, split
from extractor.call.prompt import read_document
from extractor.emulator.server import Emulator
from extractor.emulator.values import Completion
from extractor.pipeline.config import Config
from extractor.pipeline.pipeline import Pipeline
from extractor.pipeline.stages import STAGES
from extractor.pipeline.work import Work
from extractor.wire.options import Options

ROWS = 900
TEXT = "".join(
    f"Entry {n} of the inventory is a crate of lamps, stored by the clerk in bay {n % 17} until it is called for.\n"
    for n in range(1, ROWS + 1)
)
PADDING = "It came by cart, and the carter was paid by the mile for it as is the custom on this road in summer. " * 3


class Entry(BaseModel):
    """One entry."""

    number: Annotated[int, Key()]
    bay: int


class Inventory(BaseModel):
    """An inventory."""

    entries: list[Entry]


class Remark(BaseModel):
    """A remark, of which nothing need be said."""

    author: str | None = None
    words: list[str] = []


class Remarks(BaseModel):
    """Remarks."""

    remarks: list[Remark]


class Day(BaseModel):
    """A day, with the sky on a line of its own."""

    day: Annotated[int, Key()]
    clerk: str
    sky: str | None = None


class Log(BaseModel):
    """A log."""

    days: list[Day]


Body = Mapping[str, Any]
Reply = Callable[[Body], Any]


def entries(text: str) -> list[dict[str, int]]:
    """What a text says, read without a mistake."""
    found = re.findall(r"Entry (\d+) of.* bay (\d+) until", text)
    return [{"number": int(number), "bay": int(bay)} for number, bay in found]


def said(items: list[dict[str, int]], count: int | None = None) -> dict[str, Any]:
    return {"entries_count": len(items) if count is None else count, "entries": items}


def told_before(body: Body) -> str:
    """What the request says that an earlier reading found; "" in a first asking."""
    return str(body["messages"][-1]["content"]) if len(body["messages"]) > 2 else ""


def perfect(body: Body) -> Any:
    return said(entries(read_document(body["messages"])))


def extract(reply: Reply, text: str = TEXT, *, schema: Any = Inventory, **options: Any) -> tuple[Any, Emulator]:
    """The result for one text, and the emulator that was asked."""
    with Emulator(reply) as emulator:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        with Extractor(rpm=None, **where, **options) as extractor:
            return extractor.extract(schema, text), emulator


def numbers(result: Any) -> list[int]:
    return [entry.number for entry in result.value.entries]


@pytest.mark.parametrize("size", [600, 1500, 8000])
def test_a_cut_answer_is_kept_and_the_rest_is_asked(size: int) -> None:
    """However small answers must be, all entries come once, in order, and little of what was paid is thrown away."""
    result, emulator = extract(perfect, max_output_tokens=size)
    assert result.status == "ok"
    assert numbers(result) == list(range(1, ROWS + 1))
    _, whole = extract(perfect, max_output_tokens=60_000)
    assert emulator.usage.completion_tokens < 1.35 * whole.usage.completion_tokens


def test_what_is_read_again_begins_with_a_whole_item() -> None:
    """Blank lines inside of items never make a reading after a cut answer begin with the rest of an item before."""

    def reply(body: Body) -> Any:
        said = r"(?:Day (\d+) was kept by (\w+)\n)?(?:\n?    (calm|storm))?"
        found = [one for one in re.findall(said, read_document(body["messages"])) if any(one)]
        days = [{"day": int(day) if day else None, "clerk": who or None, "sky": sky or None} for day, who, sky in found]
        return {"days_count": len(days), "days": days}

    text = "".join(
        f"Day {n} was kept by N{n}\n{'' if n % 7 else chr(10)}    {'storm' if n % 5 else 'calm'}\n" for n in range(900)
    )
    for size in (1000, 1400, 2100):
        result, _ = extract(reply, text, schema=Log, max_output_tokens=size)
        assert result.status == "ok"
        assert [day.day for day in result.value.days] == list(range(900))


def test_parts_of_given_chunks_stand_under_their_own_headings(tmp_path: Path) -> None:
    """Chunks of one's own, which overlap: what is read again after a cut answer is told the section it stands in, and
    no other; every entry comes once, with what its heading says."""
    sections = [[f"Entry {n} is a crate of lamps.\n" for n in range(first, first + 60)] for first in range(1, 901, 60)]
    text = "".join(f"## Bay {number}\n\n{''.join(lines)}\n" for number, lines in enumerate(sections))
    told: list[list[str]] = []

    def reply(body: Body) -> Any:
        above = re.search(r"<context-(\w+)>(.*?)</context-\1>", body["messages"][-1]["content"], re.DOTALL)
        told.append(re.findall(r"Bay (\d+)", above[2] if above else ""))
        bay, found = int((told[-1] or [-1])[-1]), []
        for named, number in re.findall(r"Bay (\d+)|Entry (\d+)", read_document(body["messages"])):
            bay = int(named or bay)
            found += [{"number": int(number), "bay": bay}] if number else []
        return said(found)

    def cut(work: Work) -> Work:
        return replace(work, chunks=tuple(split(work.source, 4000, overlap=60)))

    (tmp_path / "inventory.md").write_text(text)
    with Emulator(reply) as emulator:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        stages = (STAGES[0], cut, *STAGES[2:])
        config = Config(rpm=None, max_output_tokens=450, **where)
        Pipeline(Inventory, tmp_path / "inventory.md", stages=stages, config=config).run(tmp_path / "out")
    row = json.loads((tmp_path / "out" / "records.jsonl").read_text())
    assert row["status"] == "ok"
    assert row["value"]["entries"] == [{"number": n, "bay": (n - 1) // 60} for n in range(1, 901)]
    assert max(map(len, told)) == 1


def test_chunks_follow_the_measured_density() -> None:
    """Answers far shorter than guessed make the later chunks of one document larger than the first."""
    text = "".join(f"{line} {PADDING}\n" for line in TEXT.splitlines())
    result, emulator = extract(perfect, text, max_output_tokens=1500)
    sizes = [len(read_document(exchange.body["messages"])) for exchange in emulator.requests]
    assert numbers(result) == list(range(1, ROWS + 1))
    assert result.chunks == len(sizes)
    assert sizes[1] > 2 * sizes[0]


def test_doubts_of_parts_reach_the_whole() -> None:
    """In a document of many parts, a value that the model was unsure of is less sure than the others."""

    def reply(body: Body) -> Any:
        content = orjson.dumps(said(entries(read_document(body["messages"])))).decode()
        before, number, after = content.partition("500")
        tokens = ((before, 0.0), (number, -3.0), (after, 0.0))
        return Completion(content, logprobs=tuple(token for token in tokens if token[0]))

    result, emulator = extract(reply, max_output_tokens=1500, options=Options(logprobs=True))
    assert emulator.served > 5
    sure = {path: result.confidence[path] for path in ("/entries/498/number", "/entries/499/number")}
    assert sure == {"/entries/498/number": 0.97, "/entries/499/number": 0.5}


def test_a_short_list_is_asked_for_what_is_missing() -> None:
    """A model that counts twenty entries and lists twelve is asked once more, and shown what it gave."""

    def reply(body: Body) -> Any:
        items = entries(read_document(body["messages"]))
        return said(items[12:], 8) if told_before(body) else said(items[:12], len(items))

    result, emulator = extract(reply, "".join(TEXT.splitlines(keepends=True)[:20]))
    assert (result.status, numbers(result), emulator.served) == ("ok", list(range(1, 21)), 2)
    assert '"number":12' in told_before(emulator.requests[-1].body)


def test_what_a_cut_second_reading_owes_is_read_in_halves() -> None:
    """A list that is short, and whose second reading is cut, is given up for readings of half as much text."""

    def reply(body: Body) -> Any:
        items = entries(read_document(body["messages"]))
        if len(items) < 30:
            return said(items)
        cut = Completion('{"entries_count": 35, "entries": [{"number": 6, ', finish="length")
        return cut if told_before(body) else said(items[:5], len(items))

    result, _ = extract(reply, "".join(TEXT.splitlines(keepends=True)[:40]))
    assert (result.status, numbers(result)) == ("ok", list(range(1, 41)))


def test_a_list_that_stays_short_is_told() -> None:
    """A model that never gives what it counted is asked a bounded number of times, and the document is partial."""
    result, emulator = extract(lambda body: said(entries(read_document(body["messages"]))[:5], 20), TEXT[:2000])
    assert (result.status, emulator.served) == ("partial", 2)
    assert [str(problem) for problem in result.problems] == ["the model saw 20 items and gave 5 @ /entries"]


def test_an_empty_part_among_full_ones_is_asked_again() -> None:
    """A part that comes back empty between parts that do not is asked about once more."""

    def reply(body: Body) -> Any:
        items = entries(read_document(body["messages"]))
        skipped = items[0]["number"] < 500 <= items[-1]["number"] and not told_before(body)
        return said([] if skipped else items)

    result, emulator = extract(reply, max_output_tokens=1500)
    assert result.status == "ok"
    assert sorted(numbers(result)) == list(range(1, ROWS + 1))
    assert sum("found:\nnothing" in told_before(exchange.body) for exchange in emulator.requests) == 1


def test_an_empty_item_is_no_item() -> None:
    """A model that counts one item and twice gives an empty one has given none: the document is partial and says so."""
    answer = {"remarks_count": 1, "remarks": [{"author": None, "words": []}]}
    result, emulator = extract(lambda body: answer, "Remarks: one, by the clerk.", schema=Remarks)
    assert (result.status, emulator.served) == ("partial", 2)
    assert [str(problem) for problem in result.problems] == ["the model saw 1 items and gave 0 @ /remarks"]


def test_passes_find_what_one_reading_misses() -> None:
    """With passes, a reader that overlooks every third entry at first ends with all of them, none twice."""

    def reply(body: Body) -> Any:
        items = entries(read_document(body["messages"]))
        return said(items if told_before(body) else [item for item in items if item["number"] % 3])

    once, _ = extract(reply, TEXT[:8000])
    twice, emulator = extract(reply, TEXT[:8000], passes=2)
    assert len(numbers(once)) < len(numbers(twice)) == len(set(numbers(twice))) == len(entries(TEXT[:8000]))
    assert emulator.served == 2


def test_the_plan_of_a_stopped_run_is_kept(tmp_path: Path) -> None:
    """A second run over the journal of a first asks nothing, though its own measures begin anew."""
    (tmp_path / "inventory.txt").write_text(TEXT)
    with Emulator(perfect) as emulator:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        config = Config(rpm=None, max_output_tokens=1500, **where)
        job = Pipeline(Inventory, tmp_path / "inventory.txt", config=config)
        job.run(tmp_path / "out")
        asked = len(emulator.requests)
        with closing(sqlite3.connect(tmp_path / "out" / "journal.sqlite", isolation_level=None)) as journal:
            journal.execute("DELETE FROM documents")
        totals = job.run(tmp_path / "out")
        assert len(emulator.requests) == asked
    assert (totals.ok, totals.reused) == (1, 0)
