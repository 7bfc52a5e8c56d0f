"""What binding an answer to its document gains: the embedded models on the sample receipts, bound and unbound.

    python benchmarks/binding.py [NAME ...]      the models to measure; by default those that are here

Unbound is the same prompt, with the document between plain lines instead of the tags that binding looks for: the
grammar is then that of the schema alone. Exact match against gold, temperature 0, one answer each, no repair.
"""

from __future__ import annotations

import json
import re
import resource
import sys
import time
from pathlib import Path
from typing import Any

from extractor.call.prompt import ask
from extractor.documents.load import load
from extractor.errors import InvalidValue
from extractor.local.catalog import MODELS
from extractor.local.model import LocalModel, open_model
from extractor.pipeline.specs import resolve_schema
from extractor.schema.compiler import compile_schema

FOLDER = Path(__file__).resolve().parents[1] / "samples" / "receipts"
SCHEMA: Any = compile_schema(resolve_schema("receipt"), counts=True)


def body(text: str, *, bound: bool) -> dict[str, Any]:
    """The first asking for one receipt."""
    messages = ask(SCHEMA, text)
    if not bound:
        messages[-1]["content"] = re.sub(r"</?document-\w+>", "---", messages[-1]["content"])
    options = {"max_completion_tokens": 400, "temperature": 0}
    return {"messages": messages, "response_format": SCHEMA.response_format, **options}


def right(model: LocalModel, text: str, truth: dict[str, Any], *, bound: bool) -> int:
    """How many fields of one answer are those of the gold value."""
    answer = model.answer(body(text, bound=bound)).content
    try:
        value = SCHEMA.dump(SCHEMA.decode(answer))
    except InvalidValue:
        value = SCHEMA.unwrap(json.loads(answer)).value if answer.endswith("}") else {}
    return sum(value.get(name) == wanted for name, wanted in truth.items())


def measure(name: str, rows: list[dict[str, Any]]) -> None:
    """One model, both ways."""
    model = open_model(f"local:{name}")
    model.load()
    fields = sum(len(row["value"]) for row in rows)
    for bound in (False, True):
        begun = time.perf_counter()
        found = sum(right(model, load(FOLDER / row["document"]).text, row["value"], bound=bound) for row in rows)
        seconds = (time.perf_counter() - begun) / len(rows)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
        way = "bound" if bound else "unbound"
        print(f"{name:<20} {way:<8} {found:>4} of {fields}  {seconds:6.1f} s a document  {memory:5.2f} GB at the most")


if __name__ == "__main__":
    gold = [json.loads(line) for line in (FOLDER / "gold.jsonl").read_text(encoding="utf-8").splitlines()]
    for chosen in sys.argv[1:] or [model.name for model in MODELS if model.is_here]:
        measure(chosen, gold)
