"""The scripted endpoint: which document a request is about, and which of its rows it asks for."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from extractor import Document, Extractor, Result
from extractor.documents.document import Image
from extractor.testing import (
    Completion,
    Endpoint,
    NetworkBlocked,
    Question,
    Unscripted,
    assert_record,
    no_network,
    without_waits,
)
from tests.documents.making import picture


class Line(BaseModel):
    sku: str
    amount: Decimal


class Order(BaseModel):
    number: str
    lines: list[Line]


class Crate(BaseModel):
    name: str
    lines: list[Line]


class Kind(BaseModel):
    kind: str


def order(rows: int, number: str = "N-1") -> tuple[str, dict[str, Any]]:
    """A text of so many rows, every third of which is the same, and its value."""
    lines = [{"sku": "S-same" if row % 3 == 0 else f"S-{row}", "amount": str(7 * row % 50)} for row in range(rows)]
    text = f"Order {number}\n\n" + "".join(f"{line['sku']:<12}{line['amount']:>6}\n" for line in lines)
    return text, {"number": number, "lines": lines}


def extract(endpoint: Endpoint, schema: Any, source: Any, **options: Any) -> Result[Any]:
    with without_waits(), Extractor(**endpoint.where, **options) as extractor:
        return extractor.extract(schema, source)


@pytest.mark.parametrize("rows", [0, 3, 900])
def test_a_document_of_any_length(rows: int) -> None:
    """A long document is answered part by part, each row once, in order, equal ones too."""
    text, value = order(rows)
    with Endpoint() as endpoint:
        endpoint.answer(Order, text, value)
        result = extract(endpoint, Order, text)
    assert (result.status, result.data) == ("ok", value)
    assert (result.chunks > 1) == (rows > 100)


@pytest.mark.parametrize("rows", [4, 500])
def test_lists_of_every_place(rows: int) -> None:
    """A list may be the whole value, and rows may hold rows of their own."""
    text, value = order(rows)
    crates = [{"name": f"crate {number}", "lines": value["lines"][:3]} for number in range(rows)]
    packed = "".join(
        f"{crate['name']}\n" + "".join(f"{s['sku']} {s['amount']}\n" for s in crate["lines"]) for crate in crates
    )
    with Endpoint() as endpoint:
        endpoint.answer(list[Line], text, value["lines"])
        endpoint.answer(list[Crate], packed, crates)
        assert extract(endpoint, list[Line], text).data == value["lines"]
        assert extract(endpoint, list[Crate], packed).data == crates


def test_what_is_broken_on_the_way_is_mended() -> None:
    """Markers and `data:` URIs of a document, which a request may not hold as they are, are no hindrance."""
    text, value = order(300)
    text = text.replace("S-7 ", "<|im_end|> S-7 data:image/png;base64,AAAA ")
    with Endpoint() as endpoint:
        endpoint.answer(Order, text, value)
        result = extract(endpoint, Order, text)
    assert (result.status, result.data) == ("ok", value)


def test_a_cut_answer_is_continued() -> None:
    """A request that goes on with a list gets the rows that are missing."""
    text, value = order(60)
    with Endpoint() as endpoint:
        endpoint.answer(Order, text, value)
        result = extract(endpoint, Order, text, max_output_tokens=400)
    assert (result.status, result.data) == ("ok", value)
    assert any("from item" in str(one.body["messages"][-1]) for one in endpoint.requests)


def test_which_document_a_request_is_about() -> None:
    """By their text, or by their pictures where they have none; a later script takes the place of an earlier one."""
    images = {size: Image(picture("PNG", size=(size, size)), "image/png") for size in (40, 50)}
    pictures = {size: Document("", "scan", "0", images=(image,)) for size, image in images.items()}
    first, second = order(2, "N-1"), order(2, "N-2")
    with Endpoint() as endpoint:
        for size, document in pictures.items():
            endpoint.answer(Order, document, {"number": f"P-{size}", "lines": []})
        endpoint.answer(Order, first[0], {**first[1], "number": "wrong"})
        for text, value in (first, second):
            endpoint.answer(Order, text, Order.model_validate(value))
        found = [
            extract(endpoint, Order, source).data["number"] for source in (*pictures.values(), first[0], second[0])
        ]
    assert found == ["P-40", "P-50", "N-1", "N-2"]


def test_a_document_may_have_a_value_for_each_schema() -> None:
    """The schema that a request asks for decides which."""
    text, value = order(2)
    with Endpoint() as endpoint:
        endpoint.answer(Kind, text, {"kind": "order"})
        endpoint.answer(Order, text, value)
        assert extract(endpoint, Kind, text).data == {"kind": "order"}
        assert extract(endpoint, Order, text).data == value


def test_what_is_invalid_is_sent_as_it_is() -> None:
    """A wrong value arrives, to see what becomes of it."""
    text, value = order(2)
    with Endpoint() as endpoint:
        endpoint.answer(Order, text, {**value, "lines": [{"sku": "S-same", "amount": "a lot"}]})
        result = extract(endpoint, Order, text)
    assert result.status == "partial"
    assert "/lines/0/amount" in [problem.path for problem in result.problems]


def test_functions_see_the_question() -> None:
    """Of the requests that no document is scripted for: text, part and schema; coroutine functions too."""

    async def reply(question: Question) -> Completion:
        assert question.schema is not None
        return Completion({"number": question.part_text.split()[1], "lines": []})

    with Endpoint() as endpoint:
        endpoint.otherwise(reply)
        assert_record(extract(endpoint, Order, "Order N-77"), {"number": "N-77", "lines": []})


def test_faults_of_the_emulator() -> None:
    """The options are those of the emulator: a busy service is asked until it answers."""
    text, value = order(2)
    with Endpoint(faults={"busy": 0.5}, seed=3) as endpoint:
        endpoint.answer(Order, text, value)
        results = [extract(endpoint, Order, text) for _ in range(6)]
    assert [result.status for result in results] == ["ok"] * 6
    assert len(endpoint.requests) > endpoint.served == 6


def test_what_is_not_scripted_is_raised() -> None:
    """The request is refused, and leaving the endpoint names the document; an error of the test itself comes first."""
    with pytest.raises(Unscripted, match="a request about 'Order N-9'"), Endpoint() as endpoint:
        assert extract(endpoint, Order, "Order N-9").status == "failed"
    with pytest.raises(AssertionError, match="nothing of the kind"), Endpoint() as endpoint:
        assert extract(endpoint, Order, "Order N-9").status == "ok", "nothing of the kind"


def test_gold_of_a_folder(tmp_path: Path) -> None:
    """Every line of gold.jsonl scripts the document beside it."""
    (tmp_path / "a.txt").write_text("Order N-5", encoding="utf-8")
    (tmp_path / "gold.jsonl").write_text('{"document": "a.txt", "value": {"number": "N-5", "lines": []}}\n')
    with Endpoint() as endpoint:
        endpoint.gold(Order, tmp_path)
        assert extract(endpoint, Order, tmp_path / "a.txt").data == {"number": "N-5", "lines": []}


def test_no_network_names_the_host() -> None:
    """A library call that would leave the machine says where to; nothing else is changed."""
    where = {"base_url": "https://api.example.com/client/v4", "account_id": "0" * 32, "token": "none"}
    with no_network(), Extractor(**where) as extractor:
        result = extractor.extract(Order, "Order N-1")
    assert "NetworkBlocked: the test tried to reach api.example.com" in str(result.problems[0])
    assert NetworkBlocked.__mro__[1] is RuntimeError
