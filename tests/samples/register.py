"""A reader that answers every request about the register perfectly, for the text in that request alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

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
    """A responder that states a fact when, and only when, the passage that states it is in the request."""
    text, gold, schema = register_text(), register_gold(), schema_of("bulletin")
    passages = [(text[slice(*fact["span"])], fact) for fact in gold["facts"]]

    def reply(body: Mapping[str, Any]) -> Any:
        asked = "\n".join(message["content"] for message in body["messages"] if message["role"] == "user")
        seen = sorted((asked.find(passage), fact["record"], fact) for passage, fact in passages if passage in asked)
        companies: dict[int, dict[str, Any]] = {}
        for at, record, fact in seen:
            _tell(companies.setdefault(record, {"officers": []}), fact, gold, headings=text, above=asked[:at])
        return schema.encode(schema.validate({"companies": list(companies.values())}))

    return reply


def _tell(
    company: dict[str, Any], fact: Mapping[str, Any], gold: Mapping[str, Any], *, headings: str, above: str
) -> None:
    """Put what one passage states into the record."""
    record = gold["value"]["companies"][fact["record"]]
    officers = {int(parts(field)[1]) for field in fact["fields"] if field.startswith("/officers/")}
    company["officers"] += [record["officers"][place] for place in sorted(officers)]
    plain = [field for field in fact["fields"] if not field.startswith("/officers/")]
    told = {field: get(record, field) for field in plain} | fact.get("once", {})
    for field, span in fact.get("under", {}).items():
        if headings[slice(*span)] in above:
            told[field] = get(record, field)
    company |= {field.removeprefix("/"): value for field, value in told.items()}
