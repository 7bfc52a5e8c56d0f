"""Mixed documents: the model names the kind of each one first, then extracts with the schema of that kind.

extractor run FOLDER --pipeline pipelines/classify_extract.py --out out/mixed
"""

from __future__ import annotations

from pathlib import Path

from extractor import Config, Pipeline, resolve_schema

PROJECT = Path(__file__).resolve().parents[1]
KINDS = ("invoice", "credit_note", "delivery_note", "receipt", "purchase_order")

PIPELINE = Pipeline(
    schema=resolve_schema(",".join(str(PROJECT / "schemas" / f"{kind}.py") for kind in KINDS)),
    source=(PROJECT / "samples" / "invoices", PROJECT / "samples" / "receipts"),
    config=Config(max_cost=2.00),
    sink="csv",  # each kind has tables of its own
)
