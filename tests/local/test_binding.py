"""What a bound grammar lets through: the truth in each form of the wire, and nothing that the document lacks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from llguidance import LLMatcher

from extractor.documents.load import load
from extractor.local.binding import bind
from extractor.schema.words import FORMATS
from tests.kit import SAMPLES, gold, schema_of
from tests.local.kit import accepts
from tests.samples.test_gold import KINDS

TEXT = """Blue Kettle Tea Room
12 Castle Street
Ludlow SY8 1AS

Receipt "B-204"   3 May 2026 at 14:30
2 x Tea           7.00
1 x Cake \\ slice  3,50
Total GBP        10.50
"""
STRING = {"type": "string"}
DATE = {"type": "string", "description": f"day of it ({FORMATS['date']})"}
MOMENT = {"type": "string", "format": "date-time"}
DECIMAL = {"type": "string", "description": FORMATS["decimal"].capitalize()}
NULL = {"type": "null"}
PAIR = {"type": "object", "properties": {"key": STRING, "value": DECIMAL}, "required": ["key", "value"]}


def one(wire: Any) -> dict[str, Any]:
    """An object with one required property."""
    return {"type": "object", "properties": {"a": wire}, "required": ["a"], "additionalProperties": False}


@pytest.mark.parametrize(
    ("wire", "good", "bad"),
    [
        (STRING, ["Blue Kettle", "12 Castle Street, Ludlow SY8 1AS", 'Receipt "B-204"', "B-204", "Cake \\ slice"],
         ["", " Tea", ", Ludlow", "12 Castle Street,", "Blue Kettle 12", "blue kettle", "ea Room", 5, None]),
        ({**STRING, "maxLength": 4}, ["Blue", "Tea"], ["Kettle"]),
        ({"type": "string", "enum": ["cash", "card"]}, ["cash"], ["Tea", "cas"]),
        ({"type": "string", "enum": ["cash", None]}, ["cash", None], ["null"]),
        (DATE, ["2026-05-03"], ["2026-05-04", "3 May 2026"]),
        (MOMENT, ["2026-05-03T14:30:00"], ["2026-05-03T14:31:00", "2026-05-03"]),
        (DECIMAL, ["10.50", "3.50", "2"], ["10.5", "3,50", "11"]),
        ({"type": "number"}, [2, 12], [4, "2"]),
        ({"type": "integer"}, [2, 12], [4, 10.5]),
        ({"type": "boolean"}, [True, False], ["true", 1]),
        ({"anyOf": [DATE, NULL]}, ["2026-05-03", None], ["2026-05-04"]),
        ({"anyOf": [{"type": "string"}, NULL], "description": DATE["description"]}, ["2026-05-03", None], ["Tea"]),
        ({"type": ["string", "null"]}, ["Tea", None], [5]),
        ({"type": "array", "items": STRING, "minItems": 1, "maxItems": 2}, [["Tea"], ["Tea", "Cake"]],
         [[], ["Tea"] * 3, ["Coffee"]]),
        ({"type": "array", "items": PAIR},
         [[], [{"key": "Tea", "value": "7.00"}]], [[{"key": "Tea"}]]),
        ({"type": "array"}, [[], ["Tea", 2, True, None]], ["Tea"]),
        ({"type": "object", "properties": {}}, [{}], [{"x": 1}]),
        ({"type": "array", "items": STRING, "maxItems": 0}, [[]], [["Tea"]]),
        ({"type": "string", "pattern": "^T.*$"}, ["Tea", "Toast"], ["Cake"]),
        ({"type": "string", "pattern": "^(?=T)"}, ["Tea", "Toast"], [5]),
        ({"type": "string", "format": "decimal"}, ["10.50"], ["10.51"]),
        ({"type": "string", "format": "unheard-of", "pattern": "^x"}, ["xyz"], ["Tea"]),
        ({"type": "string", "description": "Any JSON, written as JSON text"}, ['{"x": 1}', "[]"], [5]),
        (one(STRING), [{"a": "Tea"}], [{}, {"b": "Tea"}]),
        ({"type": "object", "properties": {"a": STRING, "b": STRING}, "required": ["b"]},
         [{"b": "Tea"}, {"b": "Tea", "a": "Cake"}], [{"a": "Cake"}]),
    ],
)  # fmt: skip
def test_what_each_form_lets_through(wire: Any, good: list[Any], bad: list[Any]) -> None:
    """Each wire form accepts what the document says and refuses what it does not."""
    assert [value for value in good if not accepts(one(wire), TEXT, {"a": value})] == []
    assert [value for value in bad if accepts(one(wire), TEXT, {"a": value})] == []


def test_a_kind_that_the_document_lacks_is_null() -> None:
    """Where no date occurs, an optional date can only be null, and a required one is free."""
    assert accepts(one({"anyOf": [DATE, NULL]}), "No day is told.", {"a": None})
    assert not accepts(one({"anyOf": [DATE, NULL]}), "No day is told.", {"a": "No day"})
    assert accepts(one(DATE), "No day is told.", {"a": "2026-05-03"})


def test_definitions_and_recursion() -> None:
    """References are followed, the root included, also where a definition holds itself."""
    below = {"type": "array", "items": {"$ref": "#/$defs/Node"}}
    wire = {
        "type": "object",
        "properties": {"head": {"$ref": "#/$defs/Node"}, "next": {"anyOf": [{"$ref": "#"}, NULL]}},
        "required": ["head", "next"],
        "$defs": {
            "Node": {"type": "object", "properties": {"name": STRING, "below": below}, "required": ["name", "below"]}
        },
    }
    leaf = {"name": "Tea", "below": []}
    assert accepts(wire, TEXT, {"head": {"name": "Cake", "below": [leaf, leaf]}, "next": {"head": leaf, "next": None}})
    assert not accepts(wire, TEXT, {"head": {"name": "Milk", "below": []}, "next": None})


def test_helpers_of_the_wire_are_not_values_of_the_document() -> None:
    """A stated count, and the index of a list item that is asked for again, may be any number that a list can have."""
    own = {"index": {"type": "integer"}, "lines_count": {"type": "integer"}, "head_count": {"type": "integer"}}
    lines = {"lines": {"type": "array", "items": STRING}}
    wire = {"type": "object", "properties": {**own, **lines}, "required": [*own, *lines]}

    def says(index: int, lines: int, head: int) -> bool:
        return accepts(wire, TEXT, {"index": index, "lines_count": lines, "head_count": head, "lines": ["Tea"]})

    assert says(0, 4, 12)
    assert not says(0, -4, 12)
    assert not says(0, 5855, 12), "more than the document has lines"
    assert not says(0, 4, 5), "a field of that name is a value of the document"


def test_without_a_document_all_answers_pass() -> None:
    """A request with no document is held to its schema alone."""
    assert accepts(one(STRING), "", {"a": "anything at all"})
    assert accepts(one({"type": "number"}), " \n", {"a": 17.5})
    assert accepts(one(STRING), "---", {"a": "anything at all"})
    assert not accepts(one(STRING), "", {"a": 5})


UNSAYABLE = {
    "bank_statements": "more rows than one answer may have",
    "delivery_notes": "a photo, whose letters are read wrongly",
    "register": "more rows than one answer may have",
    "resumes": "months as YYYY-MM are no words of the text",
    "utility_bills": "a scan, whose letters are read wrongly",
}


@pytest.mark.parametrize("folder", sorted(KINDS.keys() - UNSAYABLE))
def test_the_truth_about_every_sample_can_be_said(folder: str) -> None:
    """For every sample the grammar accepts the gold answer, and not that of another of its kind."""
    schema = schema_of(KINDS[folder])
    truths = {name: schema.encode(schema.validate(value)) for name, value in gold(SAMPLES / folder).items()}
    texts = {name: load(SAMPLES / folder / name).text for name in truths}
    assert [name for name in truths if not accepts(schema.wire, texts[name], truths[name])] == []
    others = zip(truths, [*list(truths)[1:], next(iter(truths))], strict=True)
    wrong = [name for name, other in others if name != other and accepts(schema.wire, texts[name], truths[other])]
    assert wrong == []


@pytest.mark.parametrize("spec", sorted(set(KINDS.values())))
def test_the_ready_made_schemas_bind(spec: str) -> None:
    """The grammar of every ready-made schema is one that the engine takes."""
    assert LLMatcher.validate_grammar(bind(schema_of(spec).wire, TEXT)) == ""


SIDES = """\
From                        To
Murtal Optik GmbH           Sternwarte Hochegg
Sporgasse 22,               Hochegg 3
8010 Graz

Tel. 0316 · fax 0317
"""


@pytest.mark.parametrize("address", ["Sporgasse 22, 8010 Graz", "Sternwarte Hochegg, Hochegg 3", "Tel. 0316, fax 0317"])
def test_text_side_by_side_is_read_by_column(address: str) -> None:
    """An address beside another is said on one line, and one whose parts are set apart by dots."""
    assert accepts(one(STRING), SIDES, {"a": address})


@given(st.text(max_size=300), st.sampled_from(["string", "number", "integer"]))
def test_any_text_makes_a_grammar(text: str, kind: str) -> None:
    """Quotes, backslashes, control characters and any script give a grammar that the engine takes."""
    wire = one({"type": "array", "items": {"type": kind}})
    assert LLMatcher.validate_grammar(bind(wire, text)) == ""
    assert accepts(wire, text, {"a": []})


@given(st.lists(st.from_regex(r"[A-Za-zäß0-9€\"\\]{1,8}", fullmatch=True), min_size=1, max_size=12), st.data())
def test_every_run_of_words_can_be_said(words: list[str], data: st.DataObject) -> None:
    """Any run of the document's words is an answer."""
    first = data.draw(st.integers(0, len(words) - 1))
    last = data.draw(st.integers(first, len(words) - 1))
    assert accepts(one(STRING), "  ".join(words), {"a": " ".join(words[first : last + 1])})
