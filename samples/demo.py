"""The demo: the sample receipts, read by a model on this machine. Prints each row as it is found.

python samples/demo.py local:qwen2.5-coder-0.5b out/receipts
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from extractor import Config, Pipeline, Totals, resolve_schema

RECEIPTS = Path(__file__).parent / "receipts"
COLUMNS = {"date": 10, "merchant": 30, "number": 14, "tax": 8, "total": 10, "currency": 3}


def line(cells: dict[str, Any], note: str) -> str:
    """A row of the table, each cell cut to its column; amounts stand to the right."""
    parts = []
    for name, width in COLUMNS.items():
        text = "" if cells[name] is None else str(cells[name])[:width]
        parts.append(text.rjust(width) if name in ("tax", "total") else text.ljust(width))
    return "  ".join([*parts, note]).rstrip()


def show(record: dict[str, Any], totals: Totals) -> None:
    """One finished document. A value with little confidence is named: look at it first."""
    doubtful = [path[1:] for path, confidence in record["confidence"].items() if confidence < 0.5]
    cells = record["value"] or dict.fromkeys(COLUMNS)
    print(line(cells, f"check {', '.join(doubtful)}" if doubtful else record["status"]), flush=True)


def main(model: str, out: str) -> None:
    """Read all receipts into `out`."""
    print(line({name: name for name in COLUMNS}, ""), flush=True)
    totals = Pipeline(resolve_schema("receipt"), RECEIPTS, config=Config(model=model)).run(out, progress=show)
    print(
        f"\n{totals.documents} receipts in {totals.seconds:.0f} s, {totals.values} values, ${totals.usage.cost_usd:.2f}"
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
