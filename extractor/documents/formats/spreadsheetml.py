"""Excel's XML of 2003: its sheets as their cells show them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from xml.etree.ElementTree import Element

from extractor.documents.elements import child, has, number, parse_xml
from extractor.documents.embedded import Embedded
from extractor.documents.links import with_target
from extractor.documents.number_formats import formatted
from extractor.documents.parsed import Parsed
from extractor.documents.scripts import Look, written
from extractor.documents.sheet import Sheet, cell_name, linked, margin, workbook
from extractor.documents.source import Source
from extractor.documents.tables import Span

__all__ = ["parse"]

_WIDEST, _TALLEST = 16_384, 1 << 20
_START, _START_1904 = datetime(1899, 12, 30), datetime(1904, 1, 1)
_LEAP_DAY = 60  # 1900-02-29 to Excel
_NAMED_FORMATS = {
    **{"Percent": "0.00%", "Standard": "#,##0.00", "Fixed": "0.00", "Scientific": "0.00E+00"},
    **{"Short Time": "h:mm", "Long Time": "h:mm:ss", "Medium Time": "h:mm AM/PM", "Euro Currency": "[$€-2] #,##0.00"},
    **{"General Date": "", **dict.fromkeys(("Short Date", "Medium Date", "Long Date"), "yyyy-mm-dd")},
    **{"Currency": "#,##0.00", "General Number": "General", "Yes/No": '"Yes";"Yes";"No"'},
    **{"True/False": '"True";"True";"False"', "On/Off": '"On";"On";"Off"'},
}


def parse(data: bytes, source: Source) -> Parsed:
    """Every sheet a page, with the comments on its cells."""
    return workbook(_sheets(parse_xml(data)), Embedded(), {})


def _sheets(root: Element) -> Iterator[Sheet]:
    show = _Shows(root)
    for node in root.findall("Worksheet"):
        options = child(node, "WorksheetOptions")
        sheet = Sheet(node.get("Name", ""), hidden=bool((child(options, "Visible").text or "").startswith("SheetH")))
        row = column = -1
        styles: dict[int, str] = {}
        for about in child(node, "Table").findall("Column"):
            first = number(about, "Index", column + 2) - 1
            column = min(first + number(about, "Span", 0), _WIDEST)
            styles |= dict.fromkeys(range(first, column + 1), about.get("StyleID", ""))
            sheet.hidden_columns += [range(first, column + 1)] * (about.get("Hidden") == "1")
        for line in child(node, "Table").findall("Row"):
            row = number(line, "Index", row + 2) - 1
            if row < _TALLEST:
                _row(line, row, sheet, styles, show)
        for part in child(options, "PageSetup"):
            sheet.after += margin(part.tag, part.get("Data", "")) if part.tag in ("Header", "Footer") else []
        yield sheet


def _row(line: Element, row: int, sheet: Sheet, styles: dict[int, str], show: _Shows) -> None:
    column = -1
    sheet.hidden_rows += line.get("Hidden") == "1"
    for cell in line.findall("Cell"):
        column = number(cell, "Index", column + 2) - 1
        style = cell.get("StyleID") or line.get("StyleID") or styles.get(column, "")
        text = show.value(child(cell, "Data"), style)
        formula = cell.get("Formula", "")
        if formula and not has(cell, "Data"):
            sheet.uncomputed.append((row, column))
            text = formula
        if column < _WIDEST:
            sheet.put(row, column, linked(with_target(text, cell.get("HRef", "")), formula))
        if comment := " ".join("".join(child(cell, "Comment").itertext()).split()):
            sheet.after.append(f"Comment on {cell_name(row, column)}: {comment}")
        across, down = number(cell, "MergeAcross", 0), number(cell, "MergeDown", 0)
        if across or down:
            sheet.spans.append(Span(row, column, down + 1, min(across, _WIDEST) + 1))
        column += across


class _Shows:
    """How cells show their values, by the identity of their style; one may be based on another before it."""

    def __init__(self, root: Element) -> None:
        self._from_1904 = next(root.iter("Date1904"), None) is not None
        self._codes: dict[str, str] = {}
        for style in root.iter("Style"):
            own = child(style, "NumberFormat").get("Format", "") if has(style, "NumberFormat") else None
            code = self._codes.get(style.get("Parent", ""), "") if own is None else own
            self._codes[style.get("ID", "")] = _NAMED_FORMATS.get(code, code)

    def value(self, data: Element, style: str) -> str:
        """What a cell shows."""
        text = written("".join(_pieces(data, Look()))).strip()
        code = self._codes.get(style, "")
        with suppress(ValueError):
            match data.get("Type"):
                case "Number" if code:
                    return formatted(float(text), code, from_1904=self._from_1904)
                case "DateTime" if code:
                    moment = datetime.fromisoformat(text).replace(tzinfo=None)
                    return formatted(self._serial(moment), code, from_1904=self._from_1904)
                case "DateTime":
                    text = text.removesuffix(".000").removesuffix("T00:00:00").removeprefix("1899-12-31T")
                    return text.replace("T", " ")
                case "Boolean":
                    return {"1": "TRUE", "0": "FALSE"}.get(text, text)
        return text

    def _serial(self, moment: datetime) -> float:
        """The days that a moment stands for, which a format shows as a date, a time or a length of time."""
        days = (moment - (_START_1904 if self._from_1904 else _START)) / timedelta(days=1)
        return days - (days < _LEAP_DAY + 1 and not self._from_1904)


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
