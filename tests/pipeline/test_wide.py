"""Schemas too wide for one answer: asked in groups, joined, and judged as one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, create_model

from extractor import Extractor
from extractor.emulator.server import Emulator

SECTIONS = 41
FIELDS = 9
"""369 leaves in all."""


def wide_model() -> type[BaseModel]:
    """A form of many sections, each of a few numbers."""
    sections: dict[str, Any] = {}
    for section in range(SECTIONS):
        fields: dict[str, Any] = {f"line_{section}_{field}": (int, ...) for field in range(FIELDS)}
        sections[f"section_{section}"] = (create_model(f"Section{section}", **fields), ...)
    return create_model("Form", __doc__="A form.", **sections)


VALUE = {
    f"section_{section}": {f"line_{section}_{field}": 1000 * section + field for field in range(FIELDS)}
    for section in range(SECTIONS)
}
TEXT = "\n".join(f"{name} {number}" for fields in VALUE.values() for name, number in fields.items())


def asked(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The sections that one request asks for."""
    schema: Mapping[str, Any] = body["response_format"]["json_schema"]["schema"]["properties"]
    return schema


def where(emulator: Emulator) -> dict[str, Any]:
    return {"base_url": emulator.base_url, "account_id": emulator.account_id, "token": emulator.token, "rpm": None}


def test_369_fields() -> None:
    """No request asks for more than the groups hold, and the person sees one value."""
    with Emulator(lambda body: {name: VALUE[name] for name in asked(body)}) as emulator:
        with Extractor(**where(emulator)) as extractor:
            result = extractor.extract(wide_model(), TEXT)
        widths = [len(asked(exchange.body)) * FIELDS for exchange in emulator.requests]
    assert result.status == "ok"
    assert result.data == VALUE
    assert len(widths) > 3
    assert max(widths) <= 120
    assert sum(widths) == SECTIONS * FIELDS


def test_a_wrong_field_is_asked_for_again_alone() -> None:
    """A field that does not validate in the whole is asked for once more by itself, and patched in."""

    def reply(body: Mapping[str, Any]) -> Any:
        right = {name: VALUE[name] for name in asked(body)}
        first = len(right) > 1 and "section_7" in right
        return {**right, "section_7": {**VALUE["section_7"], "line_7_3": "many"}} if first else right

    with Emulator(reply) as emulator, Extractor(**where(emulator)) as extractor:
        result = extractor.extract(wide_model(), TEXT)
    assert result.status == "ok", result.problems
    assert result.data == VALUE


def test_a_group_that_fails_is_told() -> None:
    """Where one group of fields cannot be had the others are kept, and the document is partial with the reason."""

    def reply(body: Mapping[str, Any]) -> Any:
        strict = "json_schema" in body.get("response_format", {})  # what is refused is asked again without a schema
        refused = not strict or "section_0" in asked(body)
        return "I would rather not." if refused else {name: VALUE[name] for name in asked(body)}

    with Emulator(reply) as emulator, Extractor(**where(emulator)) as extractor:
        result = extractor.extract(wide_model(), TEXT)
    assert result.status == "partial"
    assert any("not read" in problem.message for problem in result.problems)
    assert result.data["section_40"] == VALUE["section_40"]
