"""What many tests share: samples with gold, and an emulator that answers from it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from extractor.call.prompt import read_document
from extractor.pipeline.specs import resolve_schema
from extractor.schema.compiler import Schema, compile_schema

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "samples"


def gold(folder: Path) -> dict[str, Any]:
    """The gold values of a samples folder by document name."""
    lines = (folder / "gold.jsonl").read_text(encoding="utf-8").splitlines()
    return {line["document"]: line["value"] for line in map(json.loads, lines)}


def schema_of(spec: str) -> Schema[Any]:
    """A ready-made schema as the pipeline compiles it."""
    return compile_schema(resolve_schema(spec), counts=True)


def gold_reply(schema: Schema[Any], texts: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Any]:
    """A responder that knows the right answer to each of some texts; the whole text must be in the request."""
    answers = {text.strip(): schema.encode(schema.validate(value)) for text, value in texts.items()}

    def reply(body: Mapping[str, Any]) -> Any:
        return answers[read_document(body["messages"]).strip()]

    return reply


def receipts_reply() -> Callable[[Mapping[str, Any]], Any]:
    """A responder that reads every sample receipt without a mistake."""
    folder = SAMPLES / "receipts"
    texts = {(folder / name).read_text(encoding="utf-8"): value for name, value in gold(folder).items()}
    return gold_reply(schema_of("receipt"), texts)
