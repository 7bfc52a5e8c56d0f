"""A reader that answers every request about the register perfectly, for the text in that request alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from extractor.emulator.questions import Question
from extractor.schema.pointer import get, parts
from tests.kit import SAMPLES, schema_of

__all__ = ["register_gold", "register_reply", "register_text"]

FOLDER = SAMPLES / "register"


def register_text() -> str:
    """The register, as it is read."""
    return (FOLDER / "register.txt").read_text(encoding="utf-8")


def register_gold() -> dict[str, Any]:
    """Its one line of gold: value, spans and facts."""
    line: dict[str, Any] = json.loads((FOLDER / "gold.jsonl").read_text(encoding="utf-8"))
    return line


def register_reply() -> Callable[[Mapping[str, Any]], Any]:
    """A responder that states a fact when, and only when, the part asked about holds the passage that states it."""
    text, gold, schema = register_text(), register_gold(), schema_of("bulletin")
    passages = [(text[slice(*fact["span"])], fact) for fact in gold["facts"]]

    def reply(body: Mapping[str, Any]) -> Any:
        question = Question.of(body)
        start, _ = question.part
        part, above = question.part_text, f"{question.context}\n{question.text[:start]}"
        seen = sorted((part.find(passage), fact["record"], fact) for passage, fact in passages if passage in part)
        companies: dict[int, dict[str, Any]] = {}
        for at, record, fact in seen:
            company = companies.setdefault(record, {"officers": []})
            _tell(company, fact, gold, headings=text, above=above + part[:at])
        value = {"companies": list(companies.values())[question.from_item - 1 :]}
        return schema.encode(schema.validate(value))

    return reply


def _tell(
    company: dict[str, Any], fact: Mapping[str, Any], gold: Mapping[str, Any], *, headings: str, above: str
) -> None:
    """Put what one passage states into the record."""
    record = gold["value"]["companies"][fact["record"]]
    officers = {int(parts(field)[1]) for field in fact["fields"] if field.startswith("/officers/")}
    company["officers"] += [record["officers"][place] for place in sorted(officers)]
    plain = [field for field in fact["fields"] if not field.startswith("/officers/")]
    fields = {field: get(record, field) for field in plain} | fact.get("once", {})
    for field, span in fact.get("under", {}).items():
        if headings[slice(*span)] in above:
            fields[field] = get(record, field)
    company |= {field.removeprefix("/"): value for field, value in fields.items()}
