"""What many tests share: samples with gold, and an emulator that answers from it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from extractor.call.prompt import read_document
from extractor.emulator.server import Emulator
from extractor.errors import Problem
from extractor.pipeline.specs import resolve_schema
from extractor.schema.compiler import Schema, compile_schema
from extractor.wire.parameters import problems

ROOT = Path(__file__).resolve().parents[1]
SAMPLES = ROOT / "samples"


def gold(folder: Path) -> dict[str, Any]:
    """The gold values of a samples folder by document name."""
    lines = (folder / "gold.jsonl").read_text(encoding="utf-8").splitlines()
    return {line["document"]: line["value"] for line in map(json.loads, lines)}


def check_request(body: Any) -> tuple[Problem, ...]:
    """What the published request schema has against a body: one request, a batch of them, or a poll for a batch."""
    if isinstance(body, Mapping) and "requests" in body:
        return tuple(problems({"requests": body["requests"]}))
    if isinstance(body, Mapping) and isinstance(body.get("request_id"), str):
        return ()
    found = problems({"requests": [body]})
    return tuple(Problem(each.path.removeprefix("/requests/0"), each.message) for each in found)


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


def computing(emulator: Emulator, folder: Path, *words: str) -> subprocess.Popen[str]:
    """A process of Python in a folder, asking an emulator, once it has printed that it is computing."""
    where = {"CLOUDFLARE_ACCOUNT_ID": emulator.account_id, "CLOUDFLARE_AUTH_TOKEN": emulator.token}
    process = subprocess.Popen(
        [sys.executable, *words],
        cwd=folder,
        env={**os.environ, **where, "EXTRACTOR_BASE_URL": emulator.base_url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "computing\n"
    return process
