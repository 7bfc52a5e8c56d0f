"""Draw the sample PDFs, pictures, Office files and mail from their gold: each page prints the value in `gold.jsonl`.

pip install . reportlab pillow numpy python-docx openpyxl
PYTHONPATH=. python samples/make_documents.py
"""

from __future__ import annotations

import datetime as dt
import json
import re
import struct
import zipfile
from collections.abc import Callable, Sequence
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import Any

import docx
import numpy as np
import openpyxl
from PIL import Image, ImageDraw, ImageFilter, ImageFont
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

from tests.documents.making import ole

SAMPLES = Path(__file__).parent
STYLES = getSampleStyleSheet()
MADE = dt.datetime(2026, 4, 1, 9, 0, 0)
FONT = "DejaVuSansMono.ttf"  # of the package fonts-dejavu-core

Value = dict[str, Any]
RULE = [("LINEBELOW", (0, 0), (-1, 0), 0.7, colors.black)]


def printed(day: str) -> str:
    """A date as a letter prints it: 2 March 2026."""
    found = dt.date.fromisoformat(day)
    return f"{found.day} {found:%B %Y}"


def money(amount: Decimal | str) -> str:
    """An amount as a table prints it: 1,234.50."""
    return f"{Decimal(amount):,.2f}"


# ---------------------------------------------------------------------- a long PDF: a bank statement


def pdf(story: Sequence[Any], title: str) -> bytes:
    out = BytesIO()
    SimpleDocTemplate(out, pagesize=A4, title=title, invariant=1).build(list(story))
    return out.getvalue()


def heading(text: str) -> Paragraph:
    return Paragraph(text, STYLES["Title"])


def bank_statement_pdf(value: Value) -> bytes:
    head = [
        ("Account holder", value["holder"]),
        ("IBAN", value["account"]),
        ("Period", f"{printed(value['start'])} to {printed(value['end'])}"),
        ("Currency", value["currency"]),
        ("Opening balance", money(value["opening"])),
        ("Closing balance", money(value["closing"])),
    ]
    rows = [
        (f"{dt.date.fromisoformat(row['booked']):%d.%m.%Y}", row["text"], money(row["amount"]), money(row["balance"]))
        for row in value["bookings"]
    ]
    table = Table([("Date", "Details", "Amount", "Balance"), *rows], repeatRows=1, colWidths=(70, 230, 80, 80))
    table.setStyle([*RULE, ("ALIGN", (2, 0), (-1, -1), "RIGHT")])
    title = f"{value['bank']}: statement of account"
    return pdf([heading(title), Table(head, hAlign="LEFT"), Spacer(1, 14), table], title)


# ---------------------------------------------------------------------- PDFs of one page


def payslip_pdf(value: Value) -> bytes:
    head = [
        ("Employee", value["employee"], "No.", value["employee_number"]),
        ("Pay period", f"{printed(value['start'])} to {printed(value['end'])}", "Paid", printed(value["paid"])),
    ]
    sides = [
        [("Earnings", value["currency"]), *_amounts(value["earnings"]), ("Gross pay", money(value["gross"]))],
        [("Deductions", value["currency"]), *_amounts(value["deductions"]), ("Total", money(value["deducted"]))],
    ]
    tables = [Table(rows, colWidths=(220, 80), hAlign="LEFT", style=RULE) for rows in sides]
    net = Table([("Net pay", money(value["net"]))], colWidths=(220, 80), hAlign="LEFT")
    story = [heading(value["employer"]), Paragraph("Payslip", STYLES["Heading2"]), Table(head, hAlign="LEFT")]
    return pdf([*story, Spacer(1, 12), tables[0], Spacer(1, 12), tables[1], Spacer(1, 12), net], "Payslip")


def _amounts(rows: Sequence[Value]) -> list[tuple[str, str]]:
    return [(row["description"], money(row["amount"])) for row in rows]


def lab_report_pdf(value: Value) -> bytes:
    head = [
        ("Patient", f"{value['patient']}, born {printed(value['born'])}"),
        ("Requested by", value["requested_by"]),
        ("Sample", f"{value['sample']}, {value['material']}"),
        ("Collected", printed(value["collected"])),
        ("Reported", printed(value["reported"])),
    ]
    marks = {"low": "L", "high": "H", None: ""}
    rows = [
        (one["analyte"], one["value"], marks[one["flag"]], one["unit"] or "", _range(one["low"], one["high"]))
        for one in value["measurements"]
    ]
    table = Table([("Analyte", "Result", "", "Unit", "Reference"), *rows], hAlign="LEFT", style=RULE)
    return pdf([heading(value["laboratory"]), Table(head, hAlign="LEFT"), Spacer(1, 12), table], "Laboratory report")


def _range(low: str | None, high: str | None) -> str:
    return f"{low} - {high}" if low and high else f"up to {high}" if high else ""


# ---------------------------------------------------------------------- a scan and a photo


def utility_bill_lines(value: Value) -> list[str]:
    readings = [
        f"{one['meter']:<12}{one['start']:>10}{one['end']:>10}{one['used']:>10} {one['unit']}"
        for one in value["readings"]
    ]
    charges = [f"{one['description']:<36}{money(one['amount']):>10}" for one in value["charges"]]
    street, town = value["supply_address"].split(", ")
    return [
        value["provider"].upper(),
        "",
        f"{value['customer']:<30}Bill no.  {value['number']}",
        f"{street:<30}Date      {printed(value['issued'])}",
        f"{town:<30}Account   {value['account']}",
        "",
        f"Supply address: {value['supply_address']}",
        f"Period: {printed(value['start'])} to {printed(value['end'])}",
        "",
        f"{'Meter':<12}{'Start':>10}{'End':>10}{'Used':>10}",
        *readings,
        "",
        f"{'Charges':<36}{value['currency']:>10}",
        *charges,
        f"{'VAT 5 %':<36}{money(value['tax']):>10}",
        f"{'Total':<36}{money(value['total']):>10}",
        "",
        f"Please pay by {printed(value['due'])}.",
    ]


def delivery_note_lines(value: Value) -> list[str]:
    rows = [
        f"{one['sku']:<9}{one['description']:<18}{one['ordered']:>5}{one['delivered']:>6}{one['outstanding']:>6}"
        f" {one['unit']}"
        for one in value["items"]
    ]
    return [
        value["supplier"],
        "",
        f"DELIVERY NOTE {value['number']}",
        f"Date: {printed(value['delivered'])}",
        f"Order {value['order']} of {printed(value['ordered'])}",
        "",
        f"To: {value['recipient']}",
        f"    {value['deliver_to']}",
        "",
        f"{'Article':<27}{'Ord.':>5}{'Del.':>6}{'Open':>6}",
        *rows,
        "",
        f"{value['packages']} packages, gross {value['weight_kg']} kg",
        f"Carrier: {value['carrier']}",
        "",
        f"Received: {value['received_by']}",
    ]


def page_of(lines: Sequence[str], *, size: tuple[int, int], letter: int) -> Image.Image:
    """A white page with lines of type."""
    page = Image.new("L", size, 255)
    font, draw = ImageFont.truetype(FONT, letter), ImageDraw.Draw(page)
    for number, line in enumerate(lines):
        draw.text((letter * 3, letter * 3 + number * letter * 1.7), line, font=font, fill=25)
    return page


def noisy(page: Image.Image, strength: float) -> Image.Image:
    noise = np.random.default_rng(7).normal(0, strength, (page.height, page.width))
    return Image.fromarray(np.clip(np.asarray(page, dtype=float) + noise, 0, 255).astype("uint8"))


def scan(lines: Sequence[str]) -> bytes:
    """A PDF that is one picture: laid a little askew on the glass, grey, with the noise of the lamp."""
    page = page_of(lines, size=(1100, 1420), letter=22).rotate(0.6, fillcolor=255, resample=Image.Resampling.BICUBIC)
    out = BytesIO()
    noisy(page, 5).save(out, "PDF", resolution=130, quality=55, creationDate=MADE.timetuple(), modDate=MADE.timetuple())
    return out.getvalue()


def photo(lines: Sequence[str]) -> bytes:
    """A JPEG of a sheet on a dark bench, seen from below its middle, with the light from one side."""
    page = page_of(lines, size=(1000, 1180), letter=24)
    width, height = 1200, 1400
    # Where each corner of the picture lies on the sheet, as Pillow wants it: output to input.
    corners = [(110, 90), (1085, 120), (1150, 1310), (40, 1290)]
    sheet = page.transform(
        (width, height),
        Image.Transform.PERSPECTIVE,
        _perspective(corners, [(0, 0), (1000, 0), (1000, 1180), (0, 1180)]),
        resample=Image.Resampling.BICUBIC,
        fillcolor=60,
    )
    light = np.linspace(1.0, 0.78, width)[None, :] * np.ones((height, 1))
    lit = Image.fromarray((np.asarray(sheet, dtype=float) * light).astype("uint8"))
    out = BytesIO()
    noisy(lit.filter(ImageFilter.GaussianBlur(0.8)), 4).save(out, "JPEG", quality=60)
    return out.getvalue()


def _perspective(seen: Sequence[tuple[int, int]], flat: Sequence[tuple[int, int]]) -> list[float]:
    """The eight numbers of the projection that takes each seen corner to its flat one."""
    rows, wanted = [], []
    for (x, y), (u, v) in zip(seen, flat, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        wanted += [u, v]
    return list(np.linalg.solve(np.array(rows, dtype=float), np.array(wanted, dtype=float)))


# ---------------------------------------------------------------------- Office files


def expense_report_xlsx(value: Value) -> bytes:
    book = openpyxl.Workbook()
    book.properties.created = book.properties.modified = MADE
    sheet = book.active
    sheet.title = "Expenses"
    for row in (
        ("Expense report",),
        ("Employee", value["employee"]),
        ("Department", value["department"]),
        ("Purpose", value["purpose"]),
        ("From", dt.date.fromisoformat(value["start"]), "to", dt.date.fromisoformat(value["end"])),
        ("Submitted", dt.date.fromisoformat(value["submitted"])),
        (),
        ("Date", "Category", "Description", f"Amount {value['currency']}"),
    ):
        sheet.append(row)
    for one in value["expenses"]:
        day = dt.date.fromisoformat(one["date"])
        sheet.append((day, one["category"], one["description"], float(one["amount"])))
    sheet.append((None, None, "Total", float(value["total"])))
    sheet.append((None, None, "Advance received", float(value["advance"])))
    sheet.append((None, None, "To be paid out", float(value["reimbursed"])))
    for cells in sheet.iter_rows(min_row=9, min_col=4, max_col=4):
        cells[0].number_format = "0.00"
    for letter, width in zip("ABCD", (13, 14, 38, 13), strict=True):
        sheet.column_dimensions[letter].width = width
    return saved(book.save)


def insurance_claim_docx(value: Value) -> bytes:
    document = letter(f"{value['insurer']}: report of a loss")
    for line in (
        f"Policy {value['policy']}",
        f"Insured: {value['claimant']}",
        f"Date of the loss: {printed(value['occurred'])}",
        f"Place: {value['place']}",
        f"Kind of loss: {value['kind']}",
        f"What happened: {value['cause']}",
        "The police were not called.",
    ):
        document.add_paragraph(line)
    rows = [(loss["item"], money(loss["amount"])) for loss in value["losses"]]
    table(document, ("Item", f"Claimed, {value['currency']}"), [*rows, ("Total", money(value["claimed"]))])
    document.add_paragraph(f"Deductible under the policy: {value['currency']} {money(value['deductible'])}")
    document.add_paragraph(f"Hexley, {printed(value['reported'])}, {value['claimant']}")
    return saved(document.save)


def minutes_docx(value: Value) -> bytes:
    document = letter(value["title"])
    for line in (
        f"{printed(value['held'])}, {value['began'][:5]} to {value['ended'][:5]}, in {value['place']}",
        f"Present: {', '.join(value['present'])}",
        f"Apologies: {', '.join(value['absent'])}",
        f"Chair: {value['chair']}. Minutes: {value['minutes_by']}.",
    ):
        document.add_paragraph(line)
    document.add_heading("Decisions", 2)
    for one in value["decisions"]:
        votes = f"{one['in_favour']} in favour, {one['against']} against, {one['abstained']} abstained"
        document.add_paragraph(f"{one['text']} ({votes})")
    document.add_heading("Tasks", 2)
    rows = [(one["task"], one["owner"], printed(one["due"]) if one["due"] else "") for one in value["actions"]]
    table(document, ("Task", "Who", "By"), rows)
    document.add_paragraph(f"Next meeting: {printed(value['next_meeting'])}")
    return saved(document.save)


def letter(title: str) -> Any:
    document = docx.Document()
    document.core_properties.created = document.core_properties.modified = MADE
    document.add_heading(title, 1)
    return document


def table(document: Any, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    grid = document.add_table(rows=0, cols=len(head))
    grid.style = "Table Grid"
    for row in (head, *rows):
        for cell, text in zip(grid.add_row().cells, row, strict=True):
            cell.text = text


def saved(save: Callable[[BytesIO], None]) -> bytes:
    """The bytes of an Office file, the same every time: no part of it has the moment at which it was written."""
    written, out = BytesIO(), BytesIO()
    save(written)
    with zipfile.ZipFile(written) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", f"{MADE.isoformat()}Z".encode(), source.read(name))
            target.writestr(zipfile.ZipInfo(name, MADE.timetuple()[:6]), part, zipfile.ZIP_DEFLATED)
    return out.getvalue()


# ---------------------------------------------------------------------- an Outlook message


BODY = """\
Hello,

since Friday, 13 March, the plotter stops after about half a sheet and ejects it. It is an {product}, {version}. \
The display says "{error}".

What I have done so far:
- {tried[0]}
- {tried[1]}
- {tried[2]}

This is urgent: I have to deliver on Thursday, so please answer by 18 March.

{customer}
{company}
"""


def support_ticket_msg(value: Value) -> bytes:
    sent = dt.datetime(2026, 3, 16, 8, 42, tzinfo=dt.UTC) - dt.datetime(1601, 1, 1, tzinfo=dt.UTC)
    log = f"16:02:11 start of sheet 7\n16:03:40 {value['error']}\n16:03:41 eject\n"
    return ole(
        {
            "__properties_version1.0": _properties(32, {0x0039: int(sent.total_seconds()) * 10_000_000}),
            "__substg1.0_0037001F": _utf16(value["subject"]),
            "__substg1.0_0C1A001F": _utf16(value["customer"]),
            "__substg1.0_5D01001F": _utf16(value["email"]),
            "__substg1.0_1000001F": _utf16(BODY.format(**value)),
            "__recip_version1.0_#00000000": {
                "__properties_version1.0": _properties(8, {0x0C15: 1}),
                "__substg1.0_3001001F": _utf16("Inkwell Support"),
                "__substg1.0_39FE001F": _utf16("help@inkwell.example"),
            },
            "__attach_version1.0_#00000000": {
                "__properties_version1.0": _properties(8, {}),
                "__substg1.0_3707001F": _utf16("plotter.log"),
                "__substg1.0_37010102": log.encode().ljust(4096, b"\n"),
            },
        }
    )


def _properties(head: int, numbers: dict[int, int]) -> bytes:
    rows = (struct.pack("<HHIQ", 0x40, name, 6, number) for name, number in numbers.items())
    return bytes(head) + b"".join(rows)


def _utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


# ---------------------------------------------------------------------- all of them


FILES: dict[str, Callable[[Value], bytes]] = {
    "bank_statements/guest_house.pdf": bank_statement_pdf,
    "bank_statements/village_choir.pdf": bank_statement_pdf,
    "payslips/rope_works.pdf": payslip_pdf,
    "lab_reports/brennerstein.pdf": lab_report_pdf,
    "utility_bills/water_and_power.pdf": lambda value: scan(utility_bill_lines(value)),
    "delivery_notes/timber.jpg": lambda value: photo(delivery_note_lines(value)),
    "expense_reports/carillon.xlsx": expense_report_xlsx,
    "insurance_claims/burst_hose.docx": insurance_claim_docx,
    "meeting_minutes/allotments.docx": minutes_docx,
    "support_tickets/plotter.msg": support_ticket_msg,
}


if __name__ == "__main__":
    for name, draw in FILES.items():
        path = SAMPLES / name
        lines = map(json.loads, (path.parent / "gold.jsonl").read_text(encoding="utf-8").splitlines())
        path.write_bytes(next(draw(line["value"]) for line in lines if line["document"] == path.name))
