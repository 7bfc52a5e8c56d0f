"""A folder of receipts becomes a table of expenses, by plain library calls.

python pipelines/receipts_table.py samples/receipts
python pipelines/receipts_table.py samples/receipts local        asks the embedded model
"""

from __future__ import annotations

import datetime as dt
import sys
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, Field

from extractor import Extractor, Result


class Expense(BaseModel):
    """A receipt, as far as the books are concerned."""

    merchant: str = Field(description="Name of the shop or company that was paid, as printed")
    date: dt.date = Field(description="Day of the purchase; numbers alone are day first, but month first in the USA")
    currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = Field(description="ISO 4217 code, such as EUR, USD, JPY")
    total: Decimal = Field(description="Amount paid, tax included")


def read(folder: Path, model: str = "@cf/moonshotai/kimi-k2.6") -> list[Result[Expense]]:
    """One result for each text file of the folder, by the day of purchase; what failed comes last."""
    with Extractor(model=model) as extractor:
        results = list(extractor.extract_many(Expense, sorted(folder.glob("*.txt"))))
    return sorted(results, key=lambda result: (result.value.date if result.value else dt.date.max, result.document))


def table(results: list[Result[Expense]]) -> Iterator[str]:
    """A line for each result, then the sums. A value that was not found in its source is marked for a look."""
    sums: defaultdict[str, Decimal] = defaultdict(Decimal)
    for result in results:
        if result.value is None:
            yield f"{result.status:10}  {result.document}: {'; '.join(map(str, result.problems))}"
            continue
        expense, look = result.value, [path for path, spans in result.evidence.items() if not spans]
        sums[expense.currency] += expense.total
        mark = f"  look at {', '.join(look)}" if look else ""
        yield f"{expense.date}  {expense.merchant[:32]:32}  {expense.total:>10} {expense.currency}{mark}"
    yield ""
    yield from (f"{'':10}  {'sum':32}  {total:>10} {currency}" for currency, total in sorted(sums.items()))


if __name__ == "__main__":
    print("\n".join(table(read(Path(sys.argv[1]), *sys.argv[2:]))))
