"""A scripted endpoint: replies by document, else by function, on top of the emulator."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from inspect import isawaitable
from pathlib import Path
from typing import Any, TypedDict

from pydantic_core import to_jsonable_python

from extractor.documents.document import Document
from extractor.documents.load import load
from extractor.emulator.checks import pictures
from extractor.emulator.questions import Question, answering
from extractor.emulator.refusals import envelope
from extractor.emulator.server import Emulator
from extractor.emulator.values import Answer, Body, Completion, Responder
from extractor.extraction.ground import place_rows
from extractor.extraction.kinds import asks_kind
from extractor.review.files import read_gold
from extractor.schema.compiler import Schema, compile_schema
from extractor.schema.pointer import JSON, get, join, put
from extractor.wire.disarm import arm

__all__ = ["Endpoint", "Unscripted"]

_EXCERPTS = re.compile(r"\n\[\.\.\.\]\n")
"""What a repair puts between the excerpts of a document that it shows."""


class Where(TypedDict):
    """Where to ask, and as whom."""

    base_url: str
    account_id: str
    token: str


class Unscripted(AssertionError):
    """A request came for which no reply is scripted."""


class Endpoint(Emulator):
    """An endpoint on loopback whose replies are scripted. Takes the options of `Emulator`: faults, seed, latency, rpm.

    A request for a schema about a document of `answer` or `gold` gets that document's value, every other one goes to
    the function of `otherwise`. A request for which there is neither is refused, and Unscripted is raised on leaving
    the `with`. `requests`, `served` and `usage` tell what came.

        with Endpoint() as endpoint, Extractor(**endpoint.where) as extractor:
            endpoint.answer(Receipt, Path("kiosk.txt"), {"merchant": "Kiosk 7", "total": "5.00"})
            extractor.extract(Receipt, Path("kiosk.txt"))
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(self._reply, **options)
        self._scripts: list[_Script] = []
        self._otherwise: Responder | None = None

    @property
    def where(self) -> Where:
        """The settings of an Extractor or a Config that asks here: base_url, account_id, token."""
        return {"base_url": self.base_url, "account_id": self.account_id, "token": self.token}

    def answer(self, schema: Any, source: str | Path | Document, value: Any) -> None:
        """Answer every request about a document with a value, part by part where the document is long.

        `schema` and `source` are what `Extractor.extract` takes, `value` an instance of the schema or JSON of its
        shape. JSON need not be valid: a wrong value is sent as it is, to see what becomes of it. A document may have a
        value for each of several schemas; a later one for the same schema takes the place of an earlier one. Where the
        kind of the document is asked first, it is that of the schema.

            endpoint.answer(Receipt, "KIOSK 7\\nTotal 5.00", {"merchant": "KIOSK 7", "total": "5.00"})
        """
        compiled = compile_schema(schema, counts=True)
        plain = compiled.dump(value) if hasattr(value, "model_dump") else to_jsonable_python(value)
        document = load(source) if isinstance(source, Path) else source
        document = Document.from_text(document) if isinstance(document, str) else document
        self._scripts.insert(0, _Script(compiled, document, plain))

    def gold(self, schema: Any, folder: str | Path) -> None:
        """Answer every request about a document of a folder as the folder's `gold.jsonl` has it.

        endpoint.gold(Receipt, "samples/receipts")
        """
        for line in read_gold(Path(folder) / "gold.jsonl"):
            self.answer(schema, Path(folder) / line["document"], line["value"])

    def otherwise(self, reply: Callable[[Question], Answer] | Answer) -> None:
        """What answers the requests that no document is scripted for: a function of the Question, or one answer.

        The function returns text, a JSON value, or a Completion; it may be a coroutine function.

            endpoint.otherwise(lambda question: {"merchant": question.text.partition("\\n")[0]})
            endpoint.otherwise("I am sorry, I cannot help with that.")
        """
        self._otherwise = answering(reply) if callable(reply) else lambda body: reply

    async def _reply(self, body: Body) -> Answer:
        question = Question.of(body)
        script = next((script for script in self._scripts if script.is_about(question, body)), None)
        if script is not None:
            return Completion(script.reply(question))
        if self._otherwise is None:
            first_line = question.text.strip().partition("\n")[0][:80]
            unscripted = Unscripted(f"no reply is scripted for a request about {first_line!r}")
            self._service.failures.append(unscripted)  # raised on leaving the `with`
            return envelope(8001, str(unscripted))
        found = self._otherwise(body)
        answer: Answer = await found if isawaitable(found) else found
        return answer


@dataclass(frozen=True)
class _Script:
    """What is known about one document."""

    schema: Schema[Any]
    document: Document
    value: JSON

    def is_about(self, question: Question, body: Body) -> bool:
        """Whether a request shows some of this document, and asks for some of this schema, or for the kind."""
        wanted, declared = (schema.get("properties", {}).keys() for schema in (question.schema or {}, self.schema.wire))
        if not wanted <= declared and not asks_kind(question.schema):
            return False
        if not question.text.strip():
            return any(url.partition(",")[2] in self._pictures for url in pictures(body))
        return all(piece.strip() in self.document.text for piece in _EXCERPTS.split(arm(question.text)))

    def reply(self, question: Question) -> JSON:
        """The wire JSON of what the question asks about: of lists, the rows that begin in its part."""
        value = self.value
        if asks_kind(question.schema):
            return {"kind": self.schema.name}
        if question.text.strip():
            start, end = self._stretch(question)
            for path, places in self._rows.items():
                rows = [row for row, place in zip(get(value, path), places, strict=True) if start <= place < end]
                value = put(value, path, rows)
        if question.list:
            path = self.schema.declared_path(question.list)
            value = put(value, path, get(value, path)[question.from_item - 1 :])
        return _trimmed(self._encoded(value), question.schema)

    def _encoded(self, value: JSON) -> JSON:
        if not self.schema.problems(value):
            return self.schema.encode(self.schema.validate(value))
        names = value if isinstance(value, dict) else ()
        return self.schema.subset(join("", name) for name in names).encode(value)

    def _stretch(self, question: Question) -> tuple[int, int]:
        """Where in the document the part that is asked about starts and stops; all of it where excerpts are shown."""
        text = arm(question.text)
        found = self.document.text.find(text.strip())
        if found < 0:
            return 0, len(self.document.text)
        view = found - (len(text) - len(text.lstrip()))
        start, end = (view + len(arm(question.text[:place])) for place in question.part)
        return start, end

    @cached_property
    def _rows(self) -> dict[str, list[int]]:
        """Where each row of the lists that may grow begins; one that is not found, with the row before it."""
        found = {}
        for path in self.schema.lists:
            try:
                items = get(self.value, path)
            except (KeyError, TypeError):
                continue
            if isinstance(items, list):
                found[path] = list(self._places(path, items))
        return found

    def _places(self, path: str, items: Sequence[JSON]) -> Iterator[int]:
        last = 0
        for place in place_rows(items, self.document.text, schema=self.schema, pointer=path):
            last = place[0] if place else last
            yield last

    @cached_property
    def _pictures(self) -> set[str]:
        return {b64encode(image.data).decode() for image in self.document.images}


def _trimmed(answer: JSON, schema: Mapping[str, Any] | None) -> JSON:
    """What of an answer the schema of the request asks for."""
    declared = (schema or {}).get("properties")
    if not declared or not isinstance(answer, dict):
        return answer
    return {name: value for name, value in answer.items() if name in declared}
