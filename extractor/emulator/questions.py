"""What a request asks, read back from its messages: the text that is shown, and the part of it that is asked about.

A document stands between `<document-ID>` and `</document-ID>`, with `<context-ID>` above it where there is context.
Marks `<part-ID K>` in the text say where each part begins. The last line of the last user message then names the
part, `Part K.`, or goes on with one of its lists: `Part K, /LIST from item N.`
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

from extractor.emulator.checks import texts_of
from extractor.emulator.values import Answer, Body, Responder

__all__ = ["Question", "answering"]

_FENCE = re.compile(
    r"(?:<context-(?P<above>[0-9a-f]+)>\n(?P<context>.*)\n</context-(?P=above)>\n)?"
    r"<document-(?P<id>[0-9a-f]+)>\n(?P<text>.*)\n</document-(?P=id)>",
    re.DOTALL,
)
_LINE = re.compile(r"Part (?P<part>\d+)(?:, (?P<list>/\S*) from item (?P<item>\d+))?\.")


@dataclass(frozen=True, slots=True)
class Question:
    """One request, understood.

    `text` is the document's text as it is shown, without marks; `part` is where the text asked about starts and stops
    in it, all of it where nothing is marked; `number` is the part's number in the document. `context` stands above the
    text and is not asked about. `list` points at the list to go on with, from item `from_item` on and with the lists
    behind it, and is "" where everything is asked for. `schema` is the JSON Schema of the response format, None where
    there is none.
    """

    text: str
    part: tuple[int, int]
    number: int = 1
    context: str = ""
    list: str = ""
    from_item: int = 1
    schema: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, body: Body) -> Question:
        """The question of a request; one without a fenced document asks about all the text of its user messages."""
        users = list(texts_of(body, "user"))
        everything = "\n".join(users)
        fence = _FENCE.search(everything)
        context, text, starts = (fence["context"] or "", *_unmarked(fence)) if fence else ("", everything, {})
        line = _LINE.fullmatch(users[-1].rstrip().rpartition("\n")[2].strip()) if users else None
        number = int(line["part"]) if line else 1
        start = starts.get(number, 0) if line else 0
        stop = min((other for other in starts.values() if other > start), default=len(text)) if line else len(text)
        item = int(line["item"]) if line and line["item"] else 1
        pointer = (line["list"] or "") if line else ""
        return cls(text, (start, stop), number, context, pointer, item, _schema(body))

    @property
    def part_text(self) -> str:
        """The text that is asked about."""
        return self.text[slice(*self.part)]


def answering(answer: Callable[[Question], Answer | Awaitable[Answer]]) -> Responder:
    """A responder from a function of the question.

    with Emulator(answering(lambda question: {"lines": question.part_text.splitlines()})) as emulator: ...
    """

    async def respond(body: Body) -> Answer:
        found = answer(Question.of(body))
        return await found if isawaitable(found) else found

    return respond


def _unmarked(fence: re.Match[str]) -> tuple[str, dict[int, int]]:
    """The text without its marks, and where each numbered part starts in it."""
    text, starts = "", {}
    pieces = re.split(rf"<part-{fence['id']} (\d+)>", fence["text"])
    for place, piece in enumerate(pieces):
        if place % 2:
            starts[int(piece)] = len(text)
        else:
            text += piece
    return text, starts


def _schema(body: Body) -> Mapping[str, Any] | None:
    declared = (body.get("response_format") or {}).get("json_schema")
    return declared.get("schema", declared) if isinstance(declared, Mapping) else None
