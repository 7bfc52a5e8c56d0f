"""Excel's XML of 2003: its sheets as their cells show them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from xml.etree.ElementTree import Element

from extractor.documents.elements import child, has, number, parse_xml
from extractor.documents.embedded import Embedded
from extractor.documents.links import with_target
from extractor.documents.number_formats import formatted
from extractor.documents.parsed import Parsed
from extractor.documents.scripts import Look, written
from extractor.documents.sheet import Sheet, cell_name, margin, workbook
from extractor.documents.source import Source
from extractor.documents.tables import Span

__all__ = ["parse"]

_WIDEST, _TALLEST = 16_384, 1 << 20
_NAMED_FORMATS = {
    **{"Percent": "0.00%", "Standard": "#,##0.00", "Fixed": "0.00", "Scientific": "0.00E+00"},
    **{"Short Time": "h:mm", "Long Time": "h:mm:ss", "Medium Time": "h:mm AM/PM", "Euro Currency": "[$€-2] #,##0.00"},
    **{"Currency": "#,##0.00", "General Number": "General", "Yes/No": '"Yes";"Yes";"No"'},
    **{"True/False": '"True";"True";"False"', "On/Off": '"On";"On";"Off"'},
}


def parse(data: bytes, source: Source) -> Parsed:
    """Every sheet a page, with the comments on its cells."""
    return workbook(_sheets(parse_xml(data)), Embedded(), {})


def _sheets(root: Element) -> Iterator[Sheet]:
    codes = {style.get("ID", ""): child(style, "NumberFormat").get("Format", "") for style in root.iter("Style")}
    for node in root.findall("Worksheet"):
        options = child(node, "WorksheetOptions")
        sheet = Sheet(node.get("Name", ""), hidden=bool((child(options, "Visible").text or "").startswith("SheetH")))
        row = -1
        for line in child(node, "Table").findall("Row"):
            row = number(line, "Index", row + 2) - 1
            if row < _TALLEST:
                _row(line, row, sheet, codes)
        for part in child(options, "PageSetup"):
            sheet.after += margin(part.tag, part.get("Data", "")) if part.tag in ("Header", "Footer") else []
        yield sheet


def _row(line: Element, row: int, sheet: Sheet, codes: dict[str, str]) -> None:
    column = -1
    sheet.hidden_rows += line.get("Hidden") == "1"
    for cell in line.findall("Cell"):
        column = number(cell, "Index", column + 2) - 1
        text = _value(child(cell, "Data"), codes.get(cell.get("StyleID") or line.get("StyleID") or "", ""))
        formula = "" if has(cell, "Data") else cell.get("Formula", "")
        if formula:
            sheet.uncomputed.append((row, column))
        if column < _WIDEST:
            sheet.put(row, column, with_target(text, cell.get("HRef", "")) or formula)
        if comment := " ".join("".join(child(cell, "Comment").itertext()).split()):
            sheet.after.append(f"Comment on {cell_name(row, column)}: {comment}")
        across, down = number(cell, "MergeAcross", 0), number(cell, "MergeDown", 0)
        if across or down:
            sheet.spans.append(Span(row, column, down + 1, min(across, _WIDEST) + 1))
        column += across


def _value(data: Element, code: str) -> str:
    text = written("".join(_pieces(data, Look()))).strip()
    code = _NAMED_FORMATS.get(code, code)
    match data.get("Type"):
        case "Number" if code:
            with suppress(ValueError):
                return formatted(float(text), code)
        case "DateTime":
            return text.removesuffix(".000").removesuffix("T00:00:00").replace("1899-12-31T", "").replace("T", " ")
        case "Boolean":
            return {"1": "TRUE", "0": "FALSE"}.get(text, text)
    return text


def _pieces(node: Element, look: Look) -> Iterator[str]:
    """The characters of a cell, which may be marked up as in HTML."""
    look = look._replace(
        raised={"Sup": 1, "Sub": -1}.get(node.tag, look.raised),
        struck=look.struck or node.tag == "S",
        font=node.get("Face") or look.font,
    )
    yield look.apply(node.text or "")
    for inner in node:
        yield from _pieces(inner, look)
        yield look.apply(inner.tail or "")
