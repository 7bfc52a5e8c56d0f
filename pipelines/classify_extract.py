"""A folder of all sorts: the kind of each document is asked first, by its beginning, and then what its kind holds.

python pipelines/classify_extract.py samples/mixed > records.jsonl
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import orjson
from pydantic import BaseModel, Field

from extractor import Document, Extractor, ExtractorError, load, resolve_schema

PROJECT = Path(__file__).resolve().parents[1]
KINDS = ("invoice", "credit_note", "delivery_note", "receipt", "purchase_order")
SCHEMAS = {kind: resolve_schema(str(PROJECT / "schemas" / f"{kind}.py")) for kind in KINDS}
BEGINNING = 1500  # characters: a kind shows in a letterhead and a title


class Kind(BaseModel):
    """What kind of document this is."""

    kind: Literal["invoice", "credit_note", "delivery_note", "receipt", "purchase_order", "other"] = Field(
        description="A receipt is paid, an invoice is still to be paid; other for whatever is none of them"
    )


def beginning(document: Document) -> Document:
    """The first lines of a document, or its first picture."""
    text = document.text[:BEGINNING]
    return Document(text, document.name, document.sha256, images=() if text.strip() else document.images[:1])


def read(folder: Path) -> Iterator[dict[str, Any]]:
    """One record for each file: its kind, its status, and the value of its kind's schema."""
    with Extractor(max_cost=2.00) as extractor:
        for path in sorted(path for path in folder.iterdir() if path.is_file()):
            try:
                document = load(path)
            except ExtractorError as error:
                yield {"document": path.name, "kind": None, "status": "failed", "problems": [str(error)]}
                continue
            found = extractor.extract(Kind, beginning(document))
            kind = found.value.kind if found.value else None
            result = extractor.extract(SCHEMAS[kind], document) if kind in SCHEMAS else found
            value = result.data if kind in SCHEMAS else None
            problems = [str(problem) for problem in result.problems]
            yield {"document": path.name, "kind": kind, "status": result.status, "value": value, "problems": problems}


if __name__ == "__main__":
    for record in read(Path(sys.argv[1])):
        print(orjson.dumps(record).decode())
