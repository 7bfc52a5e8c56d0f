"""A rule of your own on top of a ready-made schema: quantity by price is the amount of each line.

The rule is part of the schema, so that a misread number is noticed while the model can still be asked. What does not
agree is asked about a second time, and is `partial` if it stays so. Not every invoice keeps to this one: prices may be
per hundred, or less a discount. The ready-made schema checks what all do.

extractor run --pipeline pipelines/invoice_sums.py --out out/invoices
python pipelines/invoice_sums.py out/invoices
"""

from __future__ import annotations

import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Self

from pydantic import model_validator

from extractor import Config, Pipeline, resolve_schema

PROJECT = Path(__file__).resolve().parents[1]
CENT = Decimal("0.01")

if TYPE_CHECKING:
    from schemas.invoice import Invoice
else:
    Invoice = resolve_schema(str(PROJECT / "schemas" / "invoice.py"))


class CheckedInvoice(Invoice):
    """An invoice or a credit note."""

    @model_validator(mode="after")
    def _check_lines(self) -> Self:
        """Quantity by price is the amount of a line, to the cent."""
        for line in self.lines:
            if line.quantity is not None and line.unit_price is not None:
                product = line.quantity * line.unit_price
                if abs(product - line.amount) > CENT:
                    raise ValueError(f"{line.quantity} by {line.unit_price} is not {line.amount}: {line.description}")
        return self


PIPELINE = Pipeline(
    schema=CheckedInvoice,
    source=PROJECT / "samples" / "invoices",
    config=Config(max_cost=1.00),
    sink="csv",
)

if __name__ == "__main__":
    totals = PIPELINE.run(sys.argv[1])
    print(f"{totals.ok} of {totals.documents} invoices add up; see {sys.argv[1]}/records.csv and failures.jsonl")
