"""Examples: which are shown, that all documents share them, and that nothing of theirs gets into a result."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel

from extractor import Config, Emulator, Example, Extractor, Pipeline, UsageError, compile_schema
from extractor.call.examples import best, copied, prompt_of
from extractor.call.prompt import read_document
from extractor.emulator.questions import Question


def where_of(emulator: Emulator) -> dict[str, Any]:
    return {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token}


class Bill(BaseModel):
    """A bill."""

    merchant: str
    number: str | None
    total: str


def example(merchant: str, number: str | None, total: str, more: str = "") -> Example:
    text = f"{merchant}\n{f'No. {number}' if number else ''}\nTotal {total}\n{more}"
    return Example(text, {"merchant": merchant, "number": number, "total": total}, merchant)


LINDE, HAFEN, NORD = (
    example("Linde", "77", "4.20"),
    example("Hafen", None, "9.10"),
    example("Nord", "5", "1.00", "x " * 500),
)
SCHEMA = compile_schema(Bill, counts=True)

BEST = [
    ([LINDE], 1000, [LINDE]),
    ([LINDE, HAFEN], 1000, [HAFEN, LINDE]),  # one shows a number, the other that it may be absent
    ([LINDE, LINDE], 1000, [LINDE]),  # the second shows nothing new
    ([NORD, LINDE], 1000, [LINDE]),  # of equal ones, the shorter
    ([NORD, LINDE], 20, []),  # nothing fits
]


@pytest.mark.parametrize(("examples", "room", "chosen"), BEST)
def test_the_examples_that_show_most(examples: list[Example], room: int, chosen: list[Example]) -> None:
    """Examples are taken as long as one shows a field, or its absence, that none before it shows."""
    assert list(best(examples, SCHEMA, room=room)) == chosen


def test_an_example_that_does_not_fit_the_schema() -> None:
    """It is named, in one line, before anything is sent."""
    with pytest.raises(UsageError, match=r"the example Linde does not fit the schema: .*total"):
        best([Example("Linde", {"merchant": "Linde", "number": None}, "Linde")], SCHEMA, room=1000)


def test_only_what_is_asked_for_is_answered() -> None:
    """The answers of examples have the shape of the question, whichever part of a schema that is about."""

    class Row(BaseModel):
        sku: str

    class Order(BaseModel):
        number: str
        rows: list[Row]

    schema = compile_schema(Order, counts=True)
    one = Example("Order 7: A", {"number": "7", "rows": [{"sku": "A"}]})
    rows, document = schema.rows(), schema.document()
    assert rows is not None
    assert document is not None
    answers = [prompt_of([one], each, "other").rpartition("Answer: ")[2] for each in (schema, rows, document)]
    assert [json.loads(answer) for answer in answers] == [
        {"number": "7", "rows_count": 1, "rows": [{"sku": "A"}]},
        {"rows_count": 1, "rows": [{"sku": "A"}]},
        {"number": "7"},
    ]


def test_a_copied_value_is_taken_out() -> None:
    """A value that equals an example's in the same field stays only if the document prints it, in any notation."""
    value = {"merchant": "Linde", "number": "77", "total": "4.20"}
    found, problems = copied([LINDE], SCHEMA, value, "Kiosk\nNo. 78\nTotal 4,20")
    assert found == {"merchant": None, "number": None, "total": "4.20"}
    assert [problem.path for problem in problems] == ["/merchant", "/number"]
    assert copied([LINDE], SCHEMA, value, LINDE.text) == (value, ())


def reader(body: Mapping[str, Any]) -> dict[str, Any]:
    """A model that reads a bill rightly, but takes the merchant of an example where it is shown one."""
    messages = body["messages"]
    name, _, total = (line.strip() for line in read_document(messages).splitlines()[:3])
    if "<example-" in messages[0]["content"]:
        name = "Linde"
    if "You correct single fields" in messages[0]["content"]:
        return {"merchant": name}
    return {"merchant": name, "number": None, "total": total.removeprefix("Total ")}


def copier(body: Mapping[str, Any]) -> Any:
    """A model that copies the example where it is shown one, and does not answer where it is not."""
    return reader(body) if "<example-" in body["messages"][0]["content"] else "I cannot say."


KIOSK = "Kiosk\n\nTotal 2.50"


def test_nothing_of_an_example_gets_into_a_result() -> None:
    """A value that the model took from an example is asked for again without examples; the record says so."""
    with Emulator(reader) as emulator, Extractor(**where_of(emulator), examples=(LINDE,)) as extractor:
        result = extractor.extract(Bill, KIOSK)
    assert (result.status, result.value) == ("ok", Bill(merchant="Kiosk", number=None, total="2.50"))
    assert [repair.rung for repair in result.repairs] == ["targeted"]
    first, second = (exchange.body["messages"][0]["content"] for exchange in emulator.requests if exchange.body)
    assert ("<example-" in first, "<example-" in second, "Linde" in second) == (True, False, False)


class Paid(BaseModel):
    """A bill that was paid."""

    currency: str
    country: str
    by: Literal["cash", "card"]


def test_what_equals_an_example_and_is_not_printed() -> None:
    """A choice is never taken for a copy; another value is right once a question without examples has it too."""
    value = {"currency": "EUR", "country": "DE", "by": "card"}
    example = Example("Cafe Linde, soup 4,20 \u20ac", value)

    def answer(body: Mapping[str, Any]) -> Any:
        return {name: value[name] for name in body["response_format"]["json_schema"]["schema"]["properties"]}

    with Emulator(answer) as emulator, Extractor(**where_of(emulator), examples=(example,)) as extractor:
        result = extractor.extract(Paid, "Bar Ulme, cake 5,10 \u20ac")
        prompts = [exchange.body["messages"][0]["content"] for exchange in emulator.requests if exchange.body]
    assert (result.status, result.data) == ("ok", value)
    assert [repair.paths for repair in result.repairs] == [("/currency", "/country")]
    assert ["<example-" in prompt for prompt in prompts] == [True, False]


class Rows(BaseModel):
    """A table."""

    rows: list[Bill]


def test_a_copied_value_in_a_cut_answer_is_reported() -> None:
    """A value that is taken out of an answer that the token limit ended is a problem, though it may be absent."""
    example = Example("Linde No. 77", {"rows": [{"merchant": "Linde", "number": "77", "total": "1"}]})
    rows = [{"merchant": f"Kiosk {number}", "number": None, "total": str(number)} for number in range(1, 41)]
    rows[0]["number"] = "77"

    def answer(body: Mapping[str, Any]) -> Any:
        question = Question.of(body)
        first = question.from_item
        return {"rows_count": len(rows) - first + 1, "rows": rows[first - 1 :]}

    text = "\n".join(f"{row['merchant']} total {row['total']}" for row in rows)
    options = {"examples": (example,), "max_output_tokens": 600}
    with Emulator(answer) as emulator, Extractor(**where_of(emulator), **options) as extractor:
        result = extractor.extract(Rows, text)
    assert result.data["rows"] == [{**row, "number": None} for row in rows]
    assert [str(problem) for problem in result.problems] == [
        "the value was that of an example, and is not in the document @ /rows/0/number"
    ]


def test_a_model_that_insists_on_an_example() -> None:
    """Then the value is missing, and the document is not ok."""
    with Emulator(copier) as emulator, Extractor(**where_of(emulator), examples=(LINDE,)) as extractor:
        result = extractor.extract(Bill, KIOSK)
    assert result.status != "ok"
    assert "Linde" not in json.dumps(result.data)
    assert "the value was that of an example" in str(result.problems)


def write_gold(folder: Path) -> Path:
    lines = [{"document": f"{each.name}.txt", "value": each.value} for each in (LINDE, HAFEN)]
    for each in (LINDE, HAFEN):
        (folder / f"{each.name}.txt").write_text(each.text)
    (folder / "gold.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return folder / "gold.jsonl"


def honest(body: Mapping[str, Any]) -> dict[str, Any]:
    name, number, total = (line.strip() for line in read_document(body["messages"]).splitlines()[:3])
    return {"merchant": name, "number": number.removeprefix("No. ") or None, "total": total.removeprefix("Total ")}


def test_a_gold_file_gives_examples(tmp_path: Path) -> None:
    """All documents of a run share one prompt up to their own text, and none is shown as its own example."""
    gold = write_gold(tmp_path)
    for number in range(3):
        (tmp_path / f"{number}.txt").write_text(f"Kiosk {number}\n\nTotal {number}.50")
    with Emulator(honest) as emulator:
        config = Config(**where_of(emulator), examples=gold)
        totals = Pipeline(Bill, tmp_path, config=config).run(tmp_path / "out")
        sent = {read_document(body["messages"]): body for body in (each.body for each in emulator.requests) if body}
    assert totals.ok == 5
    assert json.loads((tmp_path / "out" / "run.json").read_text())["examples"] == str(gold)
    prefixes = {text.partition("\n")[0]: body["messages"][0]["content"] for text, body in sent.items()}
    assert len({prefixes[f"Kiosk {number}"] for number in range(3)}) == 1
    assert (prefixes["Kiosk 0"].count("<example-"), prefixes["Linde"].count("<example-")) == (2, 1)
    assert "Linde" not in prefixes["Linde"]


WRONG = {
    "not JSON": "gold.jsonl:1 is no example: an object with `document` and `value` is expected",
    '{"document": "gone.txt", "value": {}}': "gold.jsonl:1: there is no file",
}


@pytest.mark.parametrize(("line", "message"), WRONG.items())
def test_a_gold_file_that_cannot_be_used(line: str, message: str, tmp_path: Path) -> None:
    """The line is named, before anything is sent."""
    (tmp_path / "gold.jsonl").write_text(line)
    with pytest.raises(UsageError) as caught:
        Config(examples=tmp_path / "gold.jsonl").examples_for(SCHEMA)
    assert message in str(caught.value)


def test_a_gold_file_that_has_changed(tmp_path: Path) -> None:
    """A configuration that lives on, as in a notebook, shows the examples that are in the file now."""
    gold, config = tmp_path / "gold.jsonl", Config(examples=tmp_path / "gold.jsonl")
    for second, each in enumerate((LINDE, HAFEN)):
        gold.write_text(json.dumps({"document": each.name, "text": each.text, "value": each.value}))
        os.utime(gold, (second, second))
        assert [found.text for found in config.examples_for(SCHEMA)] == [each.text]
