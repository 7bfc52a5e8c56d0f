"""What a request asks, read back from its messages."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.emulator.checks import texts_of
from extractor.emulator.questions import Question, answering
from extractor.emulator.server import Emulator
from tests.emulator.kit import Client, asking, message

MARKED = "<document-0a1b>\nBill of lading\n<part-0a1b 4>oak, 3\npine, 9\n<part-0a1b 5>ash, 1\n</document-0a1b>"


def users(*texts: str) -> dict[str, Any]:
    return {"messages": [{"role": "system", "content": "Read."}, *({"role": "user", "content": one} for one in texts)]}


@pytest.mark.parametrize(
    ("line", "number", "part", "pointer", "item"),
    [
        ("Part 4.", 4, "oak, 3\npine, 9\n", "", 1),
        ("Part 5.", 5, "ash, 1", "", 1),
        ("Part 4, /lines from item 12.", 4, "oak, 3\npine, 9\n", "/lines", 12),
        ("Part 5, /a~1b/0/c from item 2.", 5, "ash, 1", "/a~1b/0/c", 2),
        ("Read it.", 1, "Bill of lading\noak, 3\npine, 9\nash, 1", "", 1),
    ],
)
def test_the_last_line_names_the_part(line: str, number: int, part: str, pointer: str, item: int) -> None:
    """A part reaches from its mark to the next; the line may go on with a list; without one all is asked about."""
    question = Question.of(users(MARKED, f"Something else.\n{line}\n"))
    assert (question.number, question.part_text) == (number, part)
    assert (question.list, question.from_item) == (pointer, item)
    assert question.text == "Bill of lading\noak, 3\npine, 9\nash, 1"


def test_the_context_is_separate() -> None:
    """Context is read by the fence above the document, and is no part of its text."""
    question = Question.of(users("<context-7>\nWood, 2026\n</context-7>\n<document-7>\n<context-8>oak\n</document-7>"))
    assert (question.context, question.text) == ("Wood, 2026", "<context-8>oak")


def test_a_mark_of_another_name_is_text() -> None:
    """Only marks with the fence's own name are marks; a document cannot forge them."""
    question = Question.of(users("<document-7>\n<part-8 1>oak\n</document-7>\nPart 1."))
    assert question.part_text == "<part-8 1>oak"


def test_a_list_may_go_on_where_nothing_is_marked() -> None:
    """`Part 1` of a text without marks is all of it."""
    question = Question.of(users("<document-7>\noak\n</document-7>", "Part 1, /lines from item 3."))
    assert (question.part_text, question.list, question.from_item) == ("oak", "/lines", 3)


@pytest.mark.parametrize("inner", [{"name": "x", "schema": {"type": "object"}}, {"type": "object"}])
def test_the_schema_is_read_from_either_envelope(inner: dict[str, Any]) -> None:
    """The schema stands in the OpenAI envelope or bare."""
    body = users("oak") | {"response_format": {"type": "json_schema", "json_schema": inner}}
    assert Question.of(body).schema == {"type": "object"}
    assert Question.of(users("oak")).schema is None


@given(st.lists(st.text("abc \n", min_size=1), min_size=1, max_size=6))
def test_parts_cover_a_text(pieces: list[str]) -> None:
    """The parts of a text that is marked from its beginning are the pieces it was made of, in order."""
    marked = "".join(f"<part-99 {number}>{piece}" for number, piece in enumerate(pieces, 1))
    fenced = f"<document-99>\n{marked}\n</document-99>"
    questions = [Question.of(users(fenced, f"Part {number}.")) for number in range(1, len(pieces) + 1)]
    assert [question.part_text for question in questions] == pieces
    assert {question.text for question in questions} == {"".join(pieces)}


def test_texts_of_a_request() -> None:
    """All messages and all their text parts count, pictures do not; a prompt is a user's message."""
    parts = [{"type": "text", "text": "two"}, {"type": "image_url", "image_url": {"url": "data:"}}]
    messages = [{"role": "system", "content": "one"}, {"role": "user", "content": parts}, {"role": "assistant"}]
    assert [text.strip() for text in texts_of({"messages": messages})] == ["one", "two", ""]
    assert list(texts_of({"prompt": "three"}, "user")) == ["three"]


def test_an_emulator_answers_by_question() -> None:
    """A function of the question answers, at once or as a coroutine."""

    async def later(question: Question) -> Any:
        return {"lines": question.part_text.splitlines()}

    for answer in (later, lambda question: {"lines": question.part_text.splitlines()}):
        with Emulator(answering(answer)) as emulator, Client(emulator) as client:
            assert message(client.native(asking(f"{MARKED}\nPart 5.")))["content"] == '{"lines":["ash, 1"]}'
