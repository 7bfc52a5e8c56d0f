"""Draw the sample invoices that are PDF files: `python samples/make_invoices.py` (needs reportlab).

Their gold answers come from the very same literals, so that page and answer cannot disagree.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4, LETTER
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

FOLDER = Path(__file__).parent / "invoices"
STYLES = getSampleStyleSheet()


@dataclass(frozen=True, slots=True)
class Party:
    name: str
    address: str
    tax_id: str | None = None


@dataclass(frozen=True, slots=True)
class Invoice:
    """What one PDF shows; dates as (ISO, printed)."""

    title: str
    number: str
    issued: tuple[str, str]
    due: tuple[str, str] | None
    order: str | None
    seller: Party
    buyer: Party
    currency: str
    rows: tuple[tuple[str, str, str], ...]
    tax_rate: str
    note: str

    @property
    def lines(self) -> list[dict[str, str]]:
        """The rows with their amounts: description, quantity, unit price."""
        return [
            {
                "description": name,
                "quantity": count,
                "unit_price": price,
                "amount": _money(Decimal(count) * Decimal(price)),
            }
            for name, count, price in self.rows
        ]

    @property
    def sums(self) -> dict[str, str]:
        """Subtotal, tax and total."""
        subtotal = sum((Decimal(line["amount"]) for line in self.lines), Decimal())
        tax = (subtotal * Decimal(self.tax_rate)).quantize(Decimal("0.01"))
        return {"subtotal": _money(subtotal), "tax": _money(tax), "total": _money(subtotal + tax)}

    @property
    def gold(self) -> dict[str, object]:
        """The answer in the shape of schemas/invoice.py."""
        parties = {
            side: {"name": party.name, "address": party.address, "tax_id": party.tax_id}
            for side, party in (("seller", self.seller), ("buyer", self.buyer))
        }
        head = {"number": self.number, "issued": self.issued[0], "due": self.due and self.due[0], "order": self.order}
        return {**head, **parties, "currency": self.currency, "lines": self.lines, **self.sums}


def _money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def _stock() -> Iterator[tuple[str, str, str]]:
    """Seventy rows, so that the table runs over three pages."""
    parts = ("hinge", "bracket", "dowel", "castor", "knob", "latch", "rail")
    metals = ("brass", "steel", "zinc", "bronze", "copper")
    for index in range(70):
        size = 20 + 5 * (index // 35) + index % 5
        name = f"{metals[index % 5].title()} {parts[index % 7]} {size} mm, type {chr(65 + index // 7)}"
        yield name, str(5 + (index * 7) % 45), _money(Decimal(35 + (index * 113) % 900) / 100)


INVOICES = {
    "optics_graz.pdf": Invoice(
        title="RECHNUNG",
        number="AR-26-00542",
        issued=("2026-01-28", "28. Jänner 2026"),
        due=("2026-02-27", "27. Februar 2026"),
        order="B-7731",
        seller=Party("Murtal Optik GmbH", "Sporgasse 22, 8010 Graz", "ATU 61220418"),
        buyer=Party("Sternwarte Hochegg", "Hochegg 3, 8102 Semriach"),
        currency="EUR",
        rows=(
            ("Okular 25 mm, Weitwinkel", "3", "189.00"),
            ("Sonnenfilter 200 mm", "1", "74.90"),
            ("Justierung vor Ort", "2", "95.00"),
        ),
        tax_rate="0.20",
        note="Zahlbar bis 27. Februar 2026 ohne Abzug.",
    ),
    "sails_portland.pdf": Invoice(
        title="INVOICE",
        number="10877",
        issued=("2026-03-02", "March 2, 2026"),
        due=("2026-04-01", "April 1, 2026"),
        order=None,
        seller=Party("Casco Bay Sailmakers Inc.", "19 Union Wharf, Portland, ME 04101", "EIN 01-0558214"),
        buyer=Party("Peaks Island Sailing School", "12 Welch Street, Peaks Island, ME 04108"),
        currency="USD",
        rows=(
            ("Mainsail, 24 sq ft, cream", "2", "685.00"),
            ("Batten set", "4", "32.50"),
            ("Repair of jib", "1.5", "80.00"),
        ),
        tax_rate="0.055",
        note="Payment by check or wire transfer. Thank you for sailing with us.",
    ),
    "fittings_sheffield.pdf": Invoice(
        title="INVOICE",
        number="SF/26/40917",
        issued=("2026-02-20", "20/02/2026"),
        due=None,
        order="4500118826",
        seller=Party("Loxley Fittings plc", "Forge Lane, Sheffield S6 2BR", "GB 618 2207 31"),
        buyer=Party("Harland Cabinet Works", "Dock Street, Hull HU1 3DL", "GB 440 9918 02"),
        currency="GBP",
        rows=tuple(_stock()),
        tax_rate="0.20",
        note="Terms: thirty days from the end of the month.",
    ),
}


def draw(invoice: Invoice, path: Path) -> None:
    """One PDF: head, parties, table with its header on each page, sums, note."""
    size = LETTER if invoice.currency == "USD" else A4
    page = SimpleDocTemplate(str(path), pagesize=size, title=f"{invoice.title} {invoice.number}", invariant=1)
    facts = [("No.", invoice.number), ("Date", invoice.issued[1]), ("Currency", invoice.currency)]
    facts += [("Due", invoice.due[1])] if invoice.due else []
    facts += [("Order", invoice.order)] if invoice.order else []
    story = [Paragraph(invoice.title, STYLES["Title"]), Table(facts, hAlign="RIGHT"), Spacer(1, 12)]
    story += [Table([[_party(invoice.seller, "From"), _party(invoice.buyer, "To")]]), Spacer(1, 18)]
    story += [_items(invoice), Spacer(1, 12), Table(_sums(invoice), hAlign="RIGHT"), Spacer(1, 18)]
    page.build([*story, Paragraph(invoice.note, STYLES["Normal"])])


def _party(party: Party, label: str) -> Paragraph:
    lines = [
        f"<b>{label}</b>",
        party.name,
        *party.address.split(", ", 1),
        *([f"Tax no. {party.tax_id}"] * bool(party.tax_id)),
    ]
    return Paragraph("<br/>".join(lines).replace("&", "&amp;"), STYLES["Normal"])


def _items(invoice: Invoice) -> Table:
    rows = [(line["description"], line["quantity"], line["unit_price"], line["amount"]) for line in invoice.lines]
    rule = [("LINEBELOW", (0, 0), (-1, 0), 0.7, colors.black), ("ALIGN", (1, 0), (-1, -1), "RIGHT")]
    return Table([("Description", "Quantity", "Unit price", "Amount"), *rows], repeatRows=1, hAlign="LEFT", style=rule)


def _sums(invoice: Invoice) -> list[tuple[str, str]]:
    rate = f"{Decimal(invoice.tax_rate) * 100:f}".rstrip("0").rstrip(".")
    labels = ("Subtotal", f"Tax {rate} %", f"Total {invoice.currency}")
    return list(zip(labels, invoice.sums.values(), strict=True))


def main() -> None:
    """Write the PDFs and put their answers into gold.jsonl beside those of the text invoices."""
    gold_file = FOLDER / "gold.jsonl"
    rows = [json.loads(line) for line in gold_file.read_text("utf-8").splitlines()] if gold_file.exists() else []
    lines = {line["document"]: line for line in rows}
    for name, invoice in INVOICES.items():
        draw(invoice, FOLDER / name)
        lines[name] = {"document": name, "value": invoice.gold}
    text = "".join(json.dumps(lines[name], ensure_ascii=False) + "\n" for name in sorted(lines))
    gold_file.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
