"""A folder of receipts, declared once and run from anywhere, with two custom stages among the usual ones.

extractor run --pipeline pipelines/folder_job.py --out out/receipts
python pipelines/folder_job.py out/receipts
"""

from __future__ import annotations

import re
import sys
from dataclasses import replace
from pathlib import Path

from extractor import Config, Pipeline, Problem, Work, resolve_schema, stages

PROJECT = Path(__file__).resolve().parents[1]
CARD = re.compile(r"\b(?:\d[ -]?){12,18}\d\b")


def redact(work: Work) -> Work:
    """Hide card numbers before anything is sent; their length stays, so that offsets do not move."""
    document = work.source
    hidden = CARD.sub(lambda found: re.sub(r"\d", "X", found[0]), document.text)
    return replace(work, document=replace(document, text=hidden))


def check_tax(work: Work) -> Work:
    """A tax of more than 30 % of the total was misread, or is worth a look: such a receipt is not `ok`."""
    tax, total = (float((work.data or {}).get(name) or 0) for name in ("tax", "total"))
    doubt = (Problem("/tax", f"{tax} is more than 30 % of the total of {total}"),) if tax > 0.3 * total > 0 else ()
    return replace(work, problems=(*work.problems, *doubt))


PIPELINE = Pipeline(
    schema=resolve_schema(str(PROJECT / "schemas" / "receipt.py")),
    source=PROJECT / "samples" / "receipts",
    stages=(stages.load, redact, stages.chunk, stages.extract, stages.merge, check_tax, stages.ground),
    config=Config(max_cost=1.00),
)

if __name__ == "__main__":
    totals = PIPELINE.run(sys.argv[1])
    print(f"{totals.ok} of {totals.documents} receipts are ok; see {sys.argv[1]}/records.jsonl")
