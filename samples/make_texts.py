"""Write the sample texts whose gold has the place of each value: `python samples/make_texts.py`.

In the texts below `[[/pointer|words]]` are words that state the value at that pointer; the brackets are not written.
Several pointers that the same words state stand side by side: `[[/a /b|words]]`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parent
MARK = re.compile(r"\[\[(?P<pointers>/[^|\]]*)\|(?P<words>[^\]]*)\]\]")

CREDIT_NOTE = """\
[[/seller|GREENSHIELD GLASSHOUSES LTD]]
Unit 4, Priory Road, Evesham WR11 4TJ
VAT no. GB 618 4402 19

CREDIT NOTE [[/number|CN-2026-0087]]                                    Date: [[/issued|19 March 2026]]

To: [[/buyer|Orchard Lane Nurseries]]
    Orchard Lane, Ledbury HR8 1QD

Credit to our invoice [[/invoice|INV-26-0412]] of [[/invoiced|2 March 2026]].
Reason: [[/reason|six panes arrived cracked, two vents returned unused]]

Description                          Qty    Unit price      Amount
[[/lines/0/description|Toughened pane 610 x 457 mm]]            [[/lines/0/quantity|6]]         [[/lines/0/unit_price|18.40]]      [[/lines/0/amount|110.40]]
[[/lines/1/description|Roof vent, aluminium]]                   [[/lines/1/quantity|2]]         [[/lines/1/unit_price|46.25]]       [[/lines/1/amount|92.50]]
[[/lines/2/description|Delivery of 2 March, in part]]           [[/lines/2/quantity|1]]         [[/lines/2/unit_price|15.00]]       [[/lines/2/amount|15.00]]

                                              Subtotal      [[/subtotal|217.90]]
                                              VAT 20 %       [[/tax|43.58]]
                                     Total credit [[/currency|GBP]]      [[/total|261.48]]

The amount is set against your next invoice.
"""

JOB_AD = """\
# [[/title|Boat builder for wooden sailing boats]]

[[/employer|Werft Maasholm eG]] builds and restores wooden boats in [[/place|Maasholm on the Schlei]]. We are a cooperative of nine.

Reference [[/reference|WM-26-03]], posted on [[/posted|9 March 2026]]. The position is [[/contract|permanent]], [[/workplace|on-site]], [[/hours_per_week|37.5]] hours a week.

## What you do

- [[/tasks/0|plank and caulk hulls of larch and oak]]
- [[/tasks/1|make masts and spars]]
- [[/tasks/2|guide one apprentice]]

## What you bring

- [[/requirements/0|a journeyman's certificate as a boat builder or joiner]]
- [[/requirements/1|experience with steam bending]]

## What we offer

Pay from [[/currency|EUR]] [[/salary_low|3,250]] to [[/salary_high|3,900]] a [[/salary_period|month]], and

- [[/benefits/0|30 days of leave]]
- [[/benefits/1|a berth for your own boat]]

You start on [[/starts|1 June 2026]]. Write to [[/contact|arbeit@werft-maasholm.example]] by [[/apply_by|17 April 2026]].
"""

NDA = """\
[[/title|MUTUAL NON-DISCLOSURE AGREEMENT]]

between

[[/parties/0/name|Tidewater Acoustics Ltd]], [[/parties/0/address|7 Quay Street, Falmouth TR11 3HH, United Kingdom]] ("[[/parties/0/role|Tidewater]]"), and
[[/parties/1/name|Institut Elmshagen e.V.]], [[/parties/1/address|Lindenallee 12, 24983 Handewitt, Germany]] (the "[[/parties/1/role|Institute]]").

1. Purpose
[[/mutual|Each party will disclose information to the other]] for the purpose of [[/purpose|a joint study of hearing under water]] (the "Purpose").

2. Term
This agreement takes effect on [[/effective|1 April 2026]] and ends on [[/ends|31 March 2028]]. The duty of secrecy lasts for [[/survival_years|five]] years after its end.

3. Exceptions
Information is not confidential that
(a) [[/exclusions/0|is or becomes public without a breach of this agreement]],
(b) [[/exclusions/1|the receiving party knew before it was disclosed]], or
(c) [[/exclusions/2|the receiving party develops by itself]].

4. Penalty
For each breach the party at fault pays [[/currency|EUR]] [[/penalty|25,000]].

5. Law
The law of [[/governing_law|Germany]] governs this agreement. Disputes are decided by [[/courts|the courts of Flensburg]].

Falmouth, [[/signatures/0/signed|24 March 2026]]: [[/signatures/0/name|Morwenna Tregear]], [[/signatures/0/title|Managing Director]]
Handewitt, [[/signatures/1/signed|27 March 2026]]: [[/signatures/1/name|Prof. Dr. Levke Jessen]], [[/signatures/1/title|Chairwoman of the Board]]
"""

BULLETIN = """\
REGISTER OF COMPANIES, MONTHLY BULLETIN, MARCH 2026

District of [[/companies/0/district /companies/1/district|Skelmouth]]

No. [[/companies/0/number|SK 4410]]. [[/companies/0/name|Farrow & Daughters Ltd]], [[/companies/0/seat|Skelmouth]]. [[/companies/0/trade|Repair of tower clocks]]. Entered on [[/companies/0/entered|3 March 2026]] with a capital of 8,000. [[/companies/0/officers/0/name|Ines Farrow]] is [[/companies/0/officers/0/role|director]].

No. [[/companies/1/number|SK 4411]]. [[/companies/1/name|Low Water Oysters Ltd]], [[/companies/1/seat|Port Ansgar]]. [[/companies/1/trade|Oyster beds]]. Entered on [[/companies/1/entered|11 March 2026]] with a capital of [[/companies/1/capital|25,000]]. [[/companies/1/officers/0/name|Tam Ruddock]] and [[/companies/1/officers/1/name|Olwen Pike]] are [[/companies/1/officers/0/role /companies/1/officers/1/role|directors]].

Changes

No. [[/companies/0/number|SK 4410]], [[/companies/0/name|Farrow & Daughters Ltd]]: the capital is raised to [[/companies/0/capital|12,000]].

No. [[/companies/2/number|SK 3902]], [[/companies/2/name|Hollin Peat Works Ltd]]: struck off on [[/companies/2/dissolved|20 March 2026]].
"""

TEXTS: dict[str, tuple[str, dict[str, Any]]] = {
    "credit_notes/glasshouses.txt": (
        CREDIT_NOTE,
        {
            "number": "CN-2026-0087",
            "issued": "2026-03-19",
            "invoice": "INV-26-0412",
            "invoiced": "2026-03-02",
            "seller": "GREENSHIELD GLASSHOUSES LTD",
            "buyer": "Orchard Lane Nurseries",
            "reason": "six panes arrived cracked, two vents returned unused",
            "currency": "GBP",
            "lines": [
                {
                    "description": "Toughened pane 610 x 457 mm",
                    "quantity": "6",
                    "unit_price": "18.40",
                    "amount": "110.40",
                },
                {"description": "Roof vent, aluminium", "quantity": "2", "unit_price": "46.25", "amount": "92.50"},
                {
                    "description": "Delivery of 2 March, in part",
                    "quantity": "1",
                    "unit_price": "15.00",
                    "amount": "15.00",
                },
            ],
            "subtotal": "217.90",
            "tax": "43.58",
            "total": "261.48",
        },
    ),
    "job_ads/boat_builder.md": (
        JOB_AD,
        {
            "title": "Boat builder for wooden sailing boats",
            "employer": "Werft Maasholm eG",
            "place": "Maasholm on the Schlei",
            "workplace": "on-site",
            "contract": "permanent",
            "hours_per_week": "37.5",
            "salary_low": "3250",
            "salary_high": "3900",
            "salary_period": "month",
            "currency": "EUR",
            "posted": "2026-03-09",
            "apply_by": "2026-04-17",
            "starts": "2026-06-01",
            "reference": "WM-26-03",
            "contact": "arbeit@werft-maasholm.example",
            "tasks": ["plank and caulk hulls of larch and oak", "make masts and spars", "guide one apprentice"],
            "requirements": [
                "a journeyman's certificate as a boat builder or joiner",
                "experience with steam bending",
            ],
            "benefits": ["30 days of leave", "a berth for your own boat"],
        },
    ),
    "ndas/hearing_study.txt": (
        NDA,
        {
            "title": "MUTUAL NON-DISCLOSURE AGREEMENT",
            "parties": [
                {
                    "name": "Tidewater Acoustics Ltd",
                    "role": "Tidewater",
                    "address": "7 Quay Street, Falmouth TR11 3HH, United Kingdom",
                },
                {
                    "name": "Institut Elmshagen e.V.",
                    "role": "Institute",
                    "address": "Lindenallee 12, 24983 Handewitt, Germany",
                },
            ],
            "mutual": True,
            "purpose": "a joint study of hearing under water",
            "effective": "2026-04-01",
            "ends": "2028-03-31",
            "survival_years": "5",
            "exclusions": [
                "is or becomes public without a breach of this agreement",
                "the receiving party knew before it was disclosed",
                "the receiving party develops by itself",
            ],
            "penalty": "25000",
            "currency": "EUR",
            "governing_law": "Germany",
            "courts": "the courts of Flensburg",
            "signatures": [
                {"name": "Morwenna Tregear", "title": "Managing Director", "signed": "2026-03-24"},
                {"name": "Prof. Dr. Levke Jessen", "title": "Chairwoman of the Board", "signed": "2026-03-27"},
            ],
        },
    ),
    "bulletins/skelmouth_march.txt": (
        BULLETIN,
        {
            "companies": [
                {
                    "number": "SK 4410",
                    "name": "Farrow & Daughters Ltd",
                    "district": "Skelmouth",
                    "seat": "Skelmouth",
                    "trade": "Repair of tower clocks",
                    "entered": "2026-03-03",
                    "capital": "12000",
                    "officers": [{"name": "Ines Farrow", "role": "director"}],
                    "dissolved": None,
                },
                {
                    "number": "SK 4411",
                    "name": "Low Water Oysters Ltd",
                    "district": "Skelmouth",
                    "seat": "Port Ansgar",
                    "trade": "Oyster beds",
                    "entered": "2026-03-11",
                    "capital": "25000",
                    "officers": [
                        {"name": "Tam Ruddock", "role": "directors"},
                        {"name": "Olwen Pike", "role": "directors"},
                    ],
                    "dissolved": None,
                },
                {
                    "number": "SK 3902",
                    "name": "Hollin Peat Works Ltd",
                    "district": None,
                    "seat": None,
                    "trade": None,
                    "entered": None,
                    "capital": None,
                    "officers": [],
                    "dissolved": "2026-03-20",
                },
            ]
        },
    ),
}


def unmarked(marked: str) -> tuple[str, dict[str, list[list[int]]]]:
    """The text without its marks, and the places of what each pointer is stated by."""
    text, end = "", 0
    spans: dict[str, list[list[int]]] = {}
    for mark in MARK.finditer(marked):
        text += marked[end : mark.start()]
        for pointer in mark["pointers"].split():
            spans.setdefault(pointer, []).append([len(text), len(text) + len(mark["words"])])
        text, end = text + mark["words"], mark.end()
    return text + marked[end:], spans


def write() -> Iterator[tuple[str, str]]:
    """Each file by its path in the samples, with what it holds."""
    for name, (marked, value) in TEXTS.items():
        text, spans = unmarked(marked)
        line = {"document": Path(name).name, "value": value, "spans": spans}
        yield name, text
        yield f"{Path(name).parent}/gold.jsonl", json.dumps(line, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    for name, content in write():
        path = SAMPLES / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content, encoding="utf-8")
