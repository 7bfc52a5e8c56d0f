"""The faces for one document, against a real server: the same for threads and for an event loop."""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import time
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import AfterValidator, BaseModel, create_model

from extractor import AsyncExtractor, Document, Extractor, Result
from extractor.emulator.server import Emulator
from extractor.emulator.values import Completion
from extractor.errors import AccountError, UsageError
from tests.kit import SAMPLES, gold, receipts_reply, schema_of

KEBAB = SAMPLES / "receipts" / "kebab_hamburg.txt"
GOLD = gold(SAMPLES / "receipts")


class Receipt(BaseModel):
    """A receipt."""

    merchant: str
    date: date
    total: Decimal


def answer(body: Mapping[str, Any]) -> dict[str, Any]:
    return {"merchant": "Kebab Haus Altona", "date": "2026-03-01", "total": "9.50"}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator(answer) as running:
        yield running


def where(emulator: Emulator) -> dict[str, Any]:
    return {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token, "rpm": None}


TEXT = "Kebab Haus Altona\n01.03.2026\nTOTAL 9,50"


@pytest.mark.parametrize("source", [TEXT, Document.from_text(TEXT, name="note")], ids=["text", "document"])
def test_one_document(emulator: Emulator, source: str | Document) -> None:
    """A text or a Document gives a validated instance of the model, with evidence, price and status."""
    with Extractor(**where(emulator)) as extractor:
        result: Result[Receipt] = extractor.extract(Receipt, source)
    assert result.value == Receipt(merchant="Kebab Haus Altona", date=date(2026, 3, 1), total=Decimal("9.50"))
    places = {
        path: [(TEXT[span.start : span.end], span.tier) for span in spans] for path, spans in result.evidence.items()
    }
    assert places == {
        "/merchant": [("Kebab Haus Altona", "exact")],
        "/date": [("01.03.2026", "normalised")],
        "/total": [("9,50", "normalised")],
    }
    assert (result.status, result.problems, result.attempts, result.chunks) == ("ok", (), 1, 1)
    assert result.usage.cost_usd is not None
    assert result.usage.cost_usd > 0


def test_a_path_is_a_file(emulator: Emulator) -> None:
    """A Path is read as a file, and names the document."""
    with Extractor(**where(emulator)) as extractor:
        assert extractor.extract(Receipt, KEBAB).document == "kebab_hamburg.txt"


def test_what_is_no_document(emulator: Emulator) -> None:
    """What is neither a path, a text nor a Document is refused in words, and an empty text fails with the reason."""
    with Extractor(**where(emulator)) as extractor:
        with pytest.raises(UsageError, match="5 is no document: give a Path"):
            extractor.extract(Receipt, 5)  # type: ignore[call-overload]
        empty = extractor.extract(Receipt, " ")
    assert (empty.status, [str(problem) for problem in empty.problems]) == (
        "failed",
        ["the document holds no text @ /"],
    )


def test_a_plain_type_and_a_json_schema(emulator: Emulator) -> None:
    """Whatever compiles can be extracted: a JSON Schema gives plain JSON."""
    schema = {"type": "object", "properties": {"merchant": {"type": "string"}}, "required": ["merchant"]}
    with Emulator(lambda body: {"merchant": "Kebab"}) as other, Extractor(**where(other)) as extractor:
        assert extractor.extract(schema, "Kebab").value == {"merchant": "Kebab"}


def test_types_that_are_asked_for_alike() -> None:
    """Of two classes with one schema, each has its own values and validators."""

    def declared(least: int) -> type[BaseModel]:
        def judged(total: int) -> int:
            assert total >= least, f"at least {least}"
            return total

        return create_model("Sum", total=(Annotated[int, AfterValidator(judged)], ...))

    low, high = declared(1), declared(100)
    with Emulator(lambda body: {"total": 7}) as other, Extractor(**where(other)) as extractor:
        assert isinstance(extractor.extract(low, "total 7").value, low)
        assert extractor.extract(high, "total 7").status != "ok"


def test_many_documents() -> None:
    """`extract_many` gives one result for each document, in threads and on an event loop alike."""
    paths = sorted((SAMPLES / "receipts").glob("*.txt"))
    model = schema_of("receipt").source.adapter._type

    async def gather(emulator: Emulator) -> list[Result[Any]]:
        async with AsyncExtractor(**where(emulator)) as extractor:
            return [result async for result in extractor.extract_many(model, paths)]

    with Emulator(receipts_reply()) as emulator:
        with Extractor(**where(emulator)) as extractor:
            threads = list(extractor.extract_many(model, paths))
        tasks = asyncio.run(gather(emulator))
    for results in (threads, tasks):
        assert {result.document: result.data for result in results} == GOLD


@pytest.mark.parametrize("source", ["Kebab", KEBAB, Document.from_text("Kebab")], ids=["text", "path", "document"])
def test_one_source_is_not_many(source: Any, emulator: Emulator) -> None:
    """A single source in place of several is refused before anything is sent, on threads and on an event loop."""

    async def gather() -> None:
        async with AsyncExtractor(**where(emulator)) as extractor:
            [result async for result in extractor.extract_many(Receipt, source)]

    before = emulator.served
    with Extractor(**where(emulator)) as extractor, pytest.raises(UsageError, match="takes a list of sources"):
        list(extractor.extract_many(Receipt, source))
    with pytest.raises(UsageError, match="takes a list of sources"):
        asyncio.run(gather())
    assert emulator.served == before


def test_an_extractor_travels(emulator: Emulator) -> None:
    """An Extractor that was used pickles as its configuration and works where it arrives."""
    with Extractor(**where(emulator)) as extractor:
        extractor.extract(Receipt, TEXT)
        packed = pickle.dumps(extractor)
    with pickle.loads(packed) as arrived:
        assert arrived.extract(Receipt, TEXT).status == "ok"


def test_no_secret_in_a_repr(emulator: Emulator) -> None:
    """The token stands in no repr."""
    extractor = Extractor(**where(emulator))
    assert emulator.token not in repr(extractor)
    assert emulator.token not in repr(extractor.config.endpoint())


def test_credentials_are_raised(emulator: Emulator) -> None:
    """A refused token is raised, not put into a result."""
    with Extractor(**{**where(emulator), "token": "wrong"}) as extractor, pytest.raises(AccountError):
        extractor.extract(Receipt, TEXT)


def test_a_cut_answer_is_asked_for_by_its_fields() -> None:
    """An answer that was cut for no reason of length is whole in the end, and each further request asks for less."""
    value = {"number": "A-17", "buyer": "Ada", "seller": "Bo", "total": "3.50"}
    sizes: list[int] = []

    def reply(body: Mapping[str, Any]) -> Completion:
        fields = body["response_format"]["json_schema"]["schema"]["properties"]
        sizes.append(len(fields))
        answer = json.dumps({name: value[name] for name in fields})
        return Completion(answer if len(sizes) > 1 else answer[:30], finish="length" if len(sizes) == 1 else None)

    schema = {"type": "object", "properties": {name: {"type": "string"} for name in value}, "required": list(value)}
    with Emulator(reply=reply) as emulator, Extractor(**where(emulator)) as extractor:
        result = extractor.extract(schema, "Invoice A-17 from Bo to Ada, total 3.50")
    assert (result.status, result.value) == ("ok", value)
    assert sizes[0] == 4 > max(sizes[1:])


def test_a_cut_answer_of_no_smaller_pieces(tmp_path: Path) -> None:
    """It is asked for again, of the service and not of the cache, and a second call pays for neither."""
    words: dict[str, Any] = {"type": "object", "properties": {"words": {"type": "array", "items": {"type": "string"}}}}
    value, text = {"words": ["red", "green", "blue"]}, "red, green, blue"
    with Emulator(reply=lambda body: value, faults={"cut": 1.0}, most_faults=1) as emulator:
        for _ in range(2):
            with Extractor(**where(emulator), cache=tmp_path / "cache.sqlite") as extractor:
                result = extractor.extract(words, text)
            assert (result.status, result.value, emulator.served) == ("ok", value, 2)


def test_partial_values_grow(emulator: Emulator) -> None:
    """`stream` yields prefixes of the value and ends with the result, in threads and on an event loop alike."""

    async def gather() -> list[Any]:
        async with AsyncExtractor(**where(emulator)) as extractor:
            return [partial async for partial in extractor.stream(Receipt, TEXT)]

    with Extractor(**where(emulator)) as extractor:
        threads = list(extractor.stream(Receipt, TEXT))
    for partials in (threads, asyncio.run(gather())):
        assert len(partials) > 2
        assert [partial.result is None for partial in partials] == [True] * (len(partials) - 1) + [False]
        names = [str((partial.data or {}).get("merchant", "")) for partial in partials]
        assert all("Kebab Haus Altona".startswith(name) for name in names)
        assert partials[-1].result.value.total == Decimal("9.50")


def test_the_model_may_look_things_up() -> None:
    """A function that was handed over is called with the model's arguments, and the call stands in the result."""

    def supplier(name: str) -> str:
        """The full name of a supplier."""
        return {"KHA": "Kebab Haus Altona"}[name]

    def reply(body: Mapping[str, Any]) -> Any:
        results = [message["content"] for message in body["messages"] if message["role"] == "tool"]
        if not results:
            return Completion(content="", tool_calls=({"name": "supplier", "arguments": {"name": "KHA"}},))
        return {"merchant": results[0].strip('"'), "date": "2026-03-01", "total": "9.50"}

    with Emulator(reply) as emulator, Extractor(**where(emulator), tools=(supplier,)) as extractor:
        result = extractor.extract(Receipt, "KHA 01.03.2026 9,50")
    assert result.data["merchant"] == "Kebab Haus Altona"
    assert [(call.name, call.ok) for call in result.tool_calls] == [("supplier", True)]


def _note(body: Any) -> Any:
    return {"name": "Ada"}


class Named(BaseModel):
    """Somebody."""

    name: str


def test_one_extractor_on_several_loops() -> None:
    """Each `asyncio.run` has connections of its own, which are closed with it."""

    async def many(extractor: AsyncExtractor) -> list[str]:
        return [result.status async for result in extractor.extract_many(Named, ["Ada one", "Ada two"])]

    async def first(extractor: AsyncExtractor) -> str:
        async for result in extractor.extract_many(Named, [f"Ada {number}" for number in range(9)]):
            return result.status
        raise AssertionError

    with Emulator(_note) as emulator:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        extractor = AsyncExtractor(**where, rpm=None)
        for number in range(3):
            assert asyncio.run(extractor.extract(Named, f"Ada the {number}th")).status == "ok"
        assert asyncio.run(first(extractor)) == "ok"
        assert asyncio.run(many(extractor)) == ["ok", "ok"]
        asyncio.run(extractor.aclose())


def test_closing_while_a_request_is_in_flight() -> None:
    """The request gets its reply, and its connection is closed after it."""

    async def run(emulator: Emulator) -> str:
        where = {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}
        extractor = AsyncExtractor(**where, rpm=None)
        task = asyncio.create_task(extractor.extract(Named, "Ada"))
        while not emulator.requests:
            await asyncio.sleep(0.01)
        await extractor.aclose()
        return (await task).status

    with Emulator(_note, latency=0.2) as emulator:
        assert asyncio.run(run(emulator)) == "ok"


def test_what_a_closed_extractor_still_pays_for_is_stored(tmp_path: Path) -> None:
    """Closing waits for no call, and takes the cache from none."""
    with (
        Emulator(_note, latency=0.2) as emulator,
        Extractor(**where(emulator), cache=tmp_path / "c.sqlite") as extractor,
    ):
        with ThreadPoolExecutor(4) as pool:
            calls = [pool.submit(extractor.extract, Named, f"Ada of {name}") for name in ("Boole", "Cantor", "Euler")]
            while len(emulator.requests) < len(calls):
                time.sleep(0.01)
            extractor.close()
            assert [call.result().status for call in calls] == ["ok"] * 3
        assert extractor.extract(Named, "Ada of Cantor").usage.cost_usd == 0.0
        assert len(emulator.requests) == 3


def test_closing_between_results() -> None:
    """Results go on to come from an extractor that is closed meanwhile, for the next documents open it again."""
    with Emulator(_note) as emulator, Extractor(**where(emulator), concurrency=1) as extractor:
        results = extractor.extract_many(Named, (f"Ada of {number}" for number in range(20)))
        assert next(results).status == "ok"
        extractor.close()
        assert [result.status for result in results] == ["ok"] * 19


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_a_forked_process_has_connections_of_its_own(tmp_path: Path) -> None:
    """Parent and children use one extractor, its cache among it, and none disturbs what another has open."""
    with Emulator(_note) as emulator, Extractor(**where(emulator), cache=tmp_path / "cache.sqlite") as extractor:
        assert extractor.extract(Named, "Ada").status == "ok"
        children = []
        for name in ("Ada of Boole", "Ada of Cantor"):
            child = _forked()
            if child == 0:
                right = "_session" not in extractor.__dict__
                right = right and all(extractor.extract(Named, text).status == "ok" for text in ("Ada", name))
                extractor.close()
                os._exit(0 if right else 1)
            children.append(child)
        assert extractor.extract(Named, "Ada of Dedekind").status == "ok"
        assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0]
        assert extractor.extract(Named, "Ada of Euler").status == "ok"
        assert extractor.extract(Named, "Ada of Boole").usage.cost_usd == 0.0
        assert len(emulator.requests) == 5


def _forked() -> int:
    with warnings.catch_warnings():  # other threads run, those of the emulator
        warnings.simplefilter("ignore", DeprecationWarning)
        return os.fork()
