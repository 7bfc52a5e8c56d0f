"""Spreadsheets (XLSX, XLSB, XLS): values, mostly by calamine; how cells show them, by the formats that the file names.

Excel's XML of 2003, and what a workbook holds besides cells (comments, pictures, charts), is read from its parts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date, datetime, time, timedelta
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from extractor.documents.archive import Archive, open_archive
from extractor.documents.containers import ole_about, open_ole
from extractor.documents.drawings import chart, diagram, paragraphs
from extractor.documents.elements import child, has, number, parse_xml, setting
from extractor.documents.embedded import Embedded
from extractor.documents.formats.biff import Workbook, read_xls, read_xlsb
from extractor.documents.links import with_target
from extractor.documents.number_formats import BUILT_IN, formatted, formatted_text, general
from extractor.documents.officeart import blips
from extractor.documents.parsed import Parsed, paginate
from extractor.documents.properties import properties
from extractor.documents.scripts import Look, written
from extractor.documents.sheet import Sheet, cell_name, cell_place, column_number, margin, sheet_text
from extractor.documents.source import Source
from extractor.documents.tables import Span
from extractor.errors import DocumentError

__all__ = ["parse"]

_FORMULA = rb"<(?:\w+:)?f\b[^<>]*(?:/>|>([^<]*)</(?:\w+:)?f>)\s*"
_NUMBER_CELL = (
    rb"<(?:\w+:)?c\s(?=[^<>]*\bs=\"(%s)\")(?![^<>]*\bt=\"[^n\"])[^<>]*\br=\"([A-Z]{1,3})([0-9]{1,7})\"[^<>]*>\s*"
    rb"(?:" + _FORMULA.replace(b"([^<]*)", b"[^<]*") + rb")?<(?:\w+:)?v\b[^<>]*>([^<]+)</"
)
_ERROR_CELL = re.compile(
    rb"<(?:\w+:)?c\s(?=[^<>]*\bt=\"e\")[^<>]*\br=\"([A-Z]{1,3}[0-9]{1,7})\"[^<>]*>(?:(?!</(?:\w+:)?c>).)*?"
    rb"<(?:\w+:)?v\b[^<>]*>([^<]+)</", re.S
)  # fmt: skip
_UNCOMPUTED = re.compile(
    rb"<(?:\w+:)?c\s[^<>]*\br=\"([A-Z]{1,3}[0-9]{1,7})\"[^<>]*>\s*" + _FORMULA +
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v\s*>\s*</(?:\w+:)?v>)?\s*</(?:\w+:)?c>"
)  # fmt: skip
_TEXT_CELL = re.compile(
    rb"<(?:\w+:)?c\s(?=[^<>]*\bt=\"s\")[^<>]*\br=\"([A-Z]{1,3}[0-9]{1,7})\"[^<>]*>\s*<(?:\w+:)?v\b[^<>]*>(\d+)</"
)
_RICH_CELL = re.compile(
    rb"<c\s[^<>]*\br=\"([A-Z]{1,3}[0-9]{1,7})\"[^<>]*>\s*(<is>(?:(?!</is>).)*<r>(?:(?!</is>).)*</is>)", re.S
)
_STYLED_CELL = re.compile(
    rb"<(?:\w+:)?c\s(?=[^<>]*\bs=\"(\d+)\")(?=(?:[^<>]*\bt=\"(s|str|inlineStr)\")?)[^<>]*\br=\"([A-Z]{1,3}[0-9]{1,7})\""
)
_LINK_CELL = re.compile(
    rb"<(?:\w+:)?c\s[^<>]*\br=\"([A-Z]{1,3}[0-9]{1,7})\"[^<>]*>\s*<(?:\w+:)?f\b[^<>]*>"
    rb"(?:_xlfn\.)?HYPERLINK\((?:&quot;|\")([^&\"<]+)"
)
_HIDDEN_ROW = re.compile(rb"<(?:\w+:)?row\s(?=[^<>]*\bhidden=\"(?:1|true)\")[^<>]*\br=\"([0-9]{1,7})\"")
_HIDDEN_COLUMN = re.compile(rb"<(?:\w+:)?col\s(?=[^<>]*\bhidden=\"(?:1|true)\")[^<>]*>")
_LINK = re.compile(rb"<(?:\w+:)?hyperlink\s[^<>]*>")
_MARGIN = re.compile(rb"<(?:\w+:)?(odd|even|first)(Header|Footer)\s*>([^<]*)</")
_ATTRIBUTE = re.compile(r'(?:^|[\s:])(\w+)="([^"]*)"')
_ENTITIES = {"&lt;": "<", "&gt;": ">", "&quot;": '"', "&apos;": "'", "&#10;": "\n", "&amp;": "&"}
_WIDEST, _TALLEST = 16_384, 1 << 20
_PLAIN = Look()
_RAISED = {"superscript": 1, "subscript": -1}
_LOOKS = re.compile(rb"vertAlign|<(?:\w+:)?strike|Symbol|Webdings|Wingdings")
_SEVERAL = 10  # formulas without a value that are named one by one
_NOT_CELLS = {"MacroSheet": "macros", "Vba": "macros", "DialogSheet": "a dialog"}
_SHEET = re.compile(rb"<(?:\w+:)?sheet\s[^<>]*/>")
_SHEETS = ("worksheet", "chartsheet", "dialogsheet")  # the kinds that calamine knows


def parse(data: bytes, source: Source) -> Parsed:
    """Every sheet a page, hidden ones included and marked so, with what is drawn on it and the comments on its cells.

    A formula that was never computed stands as it was written, and is named as unread.
    """
    archive = open_archive(data, source.limits) if data.startswith(b"PK") else None
    embedded = Embedded(source, archive)
    if archive is not None:
        main = archive.main
        read = _Package(archive, main, embedded)
        if main.endswith(".bin"):
            workbook = read_xlsb(archive, main)
            sheets = list(_binary_sheets(workbook))
            _format(sheets, workbook, embedded)
        else:
            sheets = _cells(_without_modules(data, archive, main, embedded), embedded)
            read.format(sheets)
        read.add_drawings(sheets)
        about = properties(archive.xml("docProps/core.xml"))
    elif data.startswith(b"\xd0\xcf"):
        container = open_ole(data)
        about = ole_about(container)
        name = "Workbook" if container.exists("Workbook") else "Book"
        workbook = read_xls(container.openstream(name).read())
        sheets = _cells(data, embedded)
        _format(sheets, workbook, embedded)
        _add_old_drawings(sheets, workbook, embedded)
        for entry in container.listdir(streams=False, storages=True):
            if len(entry) == 1 and entry[0].startswith("MBD"):
                embedded.storage(container, entry, f"object {entry[0]}")
    else:
        sheets, about = list(_xml_sheets(parse_xml(data))), {}
    text, pages = paginate(map(sheet_text, sheets))
    for sheet in sheets:
        _name_uncomputed(sheet, embedded)
    return embedded.parsed(text, pages, {"pages": len(pages), **about})


def _cells(data: bytes, embedded: Embedded) -> list[Sheet]:
    """The sheets with the plain values of their cells."""
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(data))
        return [_sheet(workbook, about, embedded) for about in workbook.sheets_metadata]
    except PasswordError as error:
        raise DocumentError("the file is encrypted; save a copy without a password", kind="encrypted") from error
    except CalamineError as error:
        raise DocumentError(f"the workbook is damaged ({error}); fetch it again", kind="damaged") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # a fault of calamine that only this one file meets
            raise
        raise DocumentError(f"the workbook cannot be read ({error}); save a new copy", kind="damaged") from None


def _without_modules(data: bytes, archive: Archive, main: str, embedded: Embedded) -> bytes:
    """The workbook without its sheets of macros and modules, which calamine refuses: they hold no cells."""
    parts = archive.relations(main)
    book = whole = archive.read(main)
    for tag in _SHEET.findall(whole):
        about = _attributes(tag)
        if parts.get(about.get("id", ""), ("", ""))[0] not in _SHEETS:
            embedded.missing(f"sheet {about.get('name', '')}: macros")
            book = book.replace(tag, b"")
    if book == whole:
        return data
    out = BytesIO()
    with ZipFile(out, "w") as copy:
        for name in archive.names:
            copy.writestr(name, book if name == main else archive.read(name))
    return out.getvalue()


def _binary_sheets(workbook: Workbook) -> Iterator[Sheet]:
    """The sheets of an XLSB with the plain values of their cells."""
    for name, read in workbook.sheets.items():
        sheet = Sheet(name, spans=read.spans, hidden=read.hidden)
        for row, column, _, amount in read.numbers:
            sheet.rows.setdefault(row, {})[column] = general(amount)
        for row, column, text in read.cells:
            sheet.rows.setdefault(row, {})[column] = text.strip()
        yield sheet


def _sheet(workbook: CalamineWorkbook, about: Any, embedded: Embedded) -> Sheet:
    sheet = Sheet(about.name, hidden=about.visible != SheetVisibleEnum.Visible)
    kind = str(about.typ).rpartition(".")[2]
    if kind in _NOT_CELLS:
        embedded.missing(f"sheet {about.name}: {_NOT_CELLS[kind]}")
    if about.typ != SheetTypeEnum.WorkSheet:
        return sheet
    values = workbook.get_sheet_by_name(about.name)
    left = values.start[1] if values.start else 0
    for index, row in enumerate(values.iter_rows()):
        cells = {column: text for column, cell in enumerate(row, left) if cell != "" and (text := _plain(cell))}
        if cells:
            sheet.rows[index] = cells
    for (first, start), (last, end) in values.merged_cell_ranges or ():
        sheet.spans.append(Span(first, start, last - first + 1, end - start + 1))
    return sheet


def _plain(cell: Any) -> str:
    """A value without a format: 15 digits as Excel keeps them, dates as ISO 8601."""
    if isinstance(cell, str):
        return cell.strip()
    if isinstance(cell, float):
        return general(cell)
    if isinstance(cell, bool):
        return str(cell).upper()
    if isinstance(cell, int):
        return str(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(sep=" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    return str(cell) if isinstance(cell, timedelta) else str(cell).strip()


def _format(sheets: list[Sheet], workbook: Workbook, embedded: Embedded) -> None:
    """Cells as a binary workbook's formats show them."""
    if workbook.is_damaged:
        embedded.missing("records of the workbook that are damaged")
    for sheet in sheets:
        if (read := workbook.sheets.get(sheet.name)) is None:
            continue
        for row, column, style, amount in read.numbers:
            _put(sheet, row, column, amount, workbook.code(style), workbook.from_1904)
        for row, column, words in read.rich:
            sheet.rows.setdefault(row, {})[column] = words
        for row, column, look in read.looks:
            _dress(sheet, row, column, look)
        for row, column, style in read.labels:
            _dress(sheet, row, column, label=workbook.code(style))
        for row, column, error in read.errors:
            sheet.rows.setdefault(row, {})[column] = error
        for row, column, target in read.links:
            if text := sheet.rows.get(row, {}).get(column):
                sheet.rows[row][column] = with_target(text, target)
        sheet.uncomputed += read.uncomputed
        sheet.hidden_rows, sheet.hidden_columns = read.hidden_rows, read.hidden_columns


def _put(sheet: Sheet, row: int, column: int, amount: float | bytes, code: str, from_1904: bool) -> None:
    if code:
        try:
            text = formatted(float(amount), code, from_1904=from_1904)
        except (ValueError, ArithmeticError):  # a code that Excel itself would not take
            return
        sheet.rows.setdefault(row, {})[column] = text


def _dress(sheet: Sheet, row: int, column: int, look: Look | None = None, label: str = "") -> None:
    """A cell in the look and with the words that its style gives its text."""
    if text := sheet.rows.get(row, {}).get(column):
        text = formatted_text(text, label) if label else text
        sheet.rows[row][column] = written(look.apply(text)) if look else text


def _name_uncomputed(sheet: Sheet, embedded: Embedded) -> None:
    cells = [cell_name(*place) for place in sheet.uncomputed]
    for cell in cells[:_SEVERAL]:
        embedded.missing(f"{sheet.name}!{cell}: a formula that was never computed")
    if len(cells) > _SEVERAL:
        embedded.missing(f"{sheet.name}: {len(cells) - _SEVERAL} more formulas that were never computed")


class _Package:
    """The parts of an XLSX or XLSB workbook besides the values of its cells."""

    def __init__(self, archive: Archive, main: str, embedded: Embedded) -> None:
        self._archive, self._embedded = archive, embedded
        self._parts = archive.relations(main)
        self._book = archive.root
        self._main = main
        self._seen: set[str] = set()

    def format(self, sheets: list[Sheet]) -> None:
        """Cells as their formats show them, formulas without a value, links, and what is hidden."""
        part = next((target for kind, target in self._parts.values() if kind == "styles"), "xl/styles.xml")
        styles = self._archive.xml(part)
        codes = _codes(styles)
        labels = {style: code for style, code in codes.items() if formatted_text("x", code) != "x"}
        looks = _looks(styles) if _LOOKS.search(self._archive.read(part)) else {}
        from_1904 = child(self._book, "workbookPr").get("date1904", "") in ("1", "true")
        wanted = [str(style) for style, code in codes.items() if code]
        pattern = re.compile(_NUMBER_CELL % (b"|".join(map(str.encode, wanted)) if len(wanted) < 60 else rb"\d+"))
        shared = self._rich_texts(bool(looks))
        for sheet, part in self._sheets(sheets):
            data = self._archive.read(part)
            texts = _TEXT_CELL.findall(data) if shared else ()
            rich = {place: shared[int(index)] for place, index in texts if int(index) in shared}
            if b"<is" in data and (looks or _LOOKS.search(data)):
                rich |= {place: parse_xml(content) for place, content in _RICH_CELL.findall(data)}
            for style, letters, row, amount in pattern.findall(data) if wanted else ():
                _put(sheet, int(row) - 1, column_number(letters), amount, codes.get(int(style), ""), from_1904)
            for style, kind, place in _STYLED_CELL.findall(data) if looks or labels else ():
                row, column = cell_place(place.decode())
                look, label = looks.get(int(style)), labels.get(int(style), "") if kind else ""
                if place in rich:
                    sheet.rows.setdefault(row, {})[column] = _rich_text(rich.pop(place), look or _PLAIN)
                    look = None
                _dress(sheet, row, column, look, label)
            for place, text in rich.items():
                row, column = cell_place(place.decode())
                sheet.rows.setdefault(row, {})[column] = _rich_text(text)
            self._read_rest(sheet, data, self._archive.relations(part))

    def _rich_texts(self, styled: bool) -> dict[int, Element]:
        """The shared texts of several looks, by their numbers; `styled` where cells have looks, which runs may lack."""
        part = next((target for kind, target in self._parts.values() if kind == "sharedStrings"), "")
        if not (styled or _LOOKS.search(self._archive.read(part))):
            return {}
        texts = enumerate(self._archive.xml(part).findall("si"))
        return {index: node for index, node in texts if has(node, "r")}

    def _read_rest(self, sheet: Sheet, data: bytes, relations: dict[str, tuple[str, str]]) -> None:
        for place, text in _ERROR_CELL.findall(data) if b't="e"' in data else ():
            row, column = cell_place(place.decode())
            sheet.rows.setdefault(row, {})[column] = _text(text)
        for place, formula in _UNCOMPUTED.findall(data) if b"<f" in data or b":f" in data else ():
            row, column = cell_place(place.decode())
            sheet.rows.setdefault(row, {})[column] = f"={_text(formula).strip()}"
            sheet.uncomputed.append((row, column))
        links = [_attributes(tag) for tag in _LINK.findall(data, data.rfind(b"sheetData"))]
        targets = [(link.get("ref", ""), relations.get(link.get("id", ""), ("", ""))[1]) for link in links]
        if b"HYPERLINK(" in data:
            targets += [(place.decode(), _text(target)) for place, target in _LINK_CELL.findall(data)]
        for place, target in targets:
            row, column = cell_place(place.partition(":")[0])
            if text := sheet.rows.get(row, {}).get(column):
                sheet.rows[row][column] = with_target(text, target)
        head, tail = data[: data.find(b"sheetData")], data[data.rfind(b"sheetData") :]
        if b" hidden=" in data:
            sheet.hidden_rows = sum(int(row) - 1 in sheet.rows for row in _HIDDEN_ROW.findall(data))
        for span in map(_attributes, _HIDDEN_COLUMN.findall(head)):
            first, last = int(span.get("min", 1)), int(span.get("max", 1))
            sheet.hidden_columns += sum(
                any(c in cells for cells in sheet.rows.values()) for c in range(first - 1, last)
            )
        for _page, kind, code in _MARGIN.findall(tail):
            sheet.after += margin(kind.decode(), _text(code))

    def add_drawings(self, sheets: list[Sheet]) -> None:
        """What is drawn on each sheet, and the comments on its cells."""
        for page, (sheet, part) in enumerate(self._sheets(sheets), 1):
            relations = self._archive.relations(part)
            threads = [target for kind, target in relations.values() if kind == "threadedComment"]
            threaded = [comment for target in threads for comment in self._comments(target, "threadedComment")]
            places = {place for place, _ in threaded}
            for kind, target in relations.values():
                if kind == "comments":
                    threaded += [one for one in self._comments(target, "comment") if one[0] not in places]
                elif kind == "drawing":
                    sheet.after += self._drawing(target, page)
                elif kind in ("package", "oleObject", "image"):
                    self._embedded.target(target, page)
            sheet.after += [f"Comment on {place}: {text}" for place, text in threaded]
        self._add_unrelated(sheets)

    def _add_unrelated(self, sheets: list[Sheet]) -> None:
        """Parts that no sheet names: comments of careless writers, pictures within cells."""
        for name in self._archive.names:
            file = name.rpartition("/")[2]
            if name.startswith("xl/") and "omments" in file and name not in self._seen and sheets:
                sheets[-1].after += [f"Comment on {place}: {text}" for place, text in self._comments(name, "comment")]
            elif name.startswith("xl/media/"):
                self._embedded.target(name)

    def _sheets(self, sheets: list[Sheet]) -> Iterator[tuple[Sheet, str]]:
        """The sheets, each with the part that holds it."""
        if self._main.endswith(".bin"):
            parts = [target for kind, target in self._parts.values() if kind in ("worksheet", "chartsheet")]
            yield from zip(sheets, parts, strict=False)
            return
        parts_by_name = {
            node.get("name", ""): self._parts.get(node.get("id", ""), ("", ""))[1] for node in self._book.iter("sheet")
        }
        yield from ((sheet, part) for sheet in sheets if (part := parts_by_name.get(sheet.name)))

    def _comments(self, part: str, name: str) -> list[tuple[str, str]]:
        self._seen.add(part)
        found = []
        for node in self._archive.xml(part).iter(name):
            text = "".join(piece.text or "" for piece in node.iter() if piece.tag in ("t", "text"))
            found.append((node.get("ref", ""), " ".join(text.split())))
        return found

    def _drawing(self, part: str, page: int) -> Iterator[str]:
        relations = self._archive.relations(part)
        for node in self._archive.xml(part).iter():
            name = node.tag
            target = relations.get(node.get("embed", "") or node.get("id", "") or node.get("dm", ""), ("", ""))[1]
            if name == "blip" and target:
                self._embedded.target(target, page)
            elif name == "chart" and target:
                yield chart(self._archive.xml(target))
            elif name == "relIds" and target:
                yield diagram(self._archive.xml(target))
            elif name == "txBody" and (text := paragraphs(node)):
                yield text


def _rich_text(text: Element, look: Look = _PLAIN) -> str:
    pieces = []
    for run in text:
        words = child(run, "t").text or "" if run.tag == "r" else run.text or "" if run.tag == "t" else ""
        pieces.append((_font_look(child(run, "rPr")) if has(run, "rPr") else look).apply(words))
    return written("".join(pieces)).strip()


def _font_look(font: Element) -> Look:
    raised = _RAISED.get(setting(font, "vertAlign"), 0)
    is_struck = has(font, "strike") and setting(font, "strike") not in ("0", "false")
    return Look(raised=raised, struck=is_struck, font=setting(font, "rFont") or setting(font, "name"))


def _looks(styles: Element) -> dict[int, Look]:
    """The looks of the styles of cells that change what a cell says."""
    fonts = [_font_look(font) for font in child(styles, "fonts")]
    found = {}
    for style, look in enumerate(child(styles, "cellXfs")):
        font = number(look, "fontId", 0)
        if font < len(fonts) and fonts[font].matters:
            found[style] = fonts[font]
    return found


def _codes(styles: Element) -> dict[int, str]:
    """The format code of each style of cells; those without one show their value as it is."""
    named = {number(node, "numFmtId", 0): node.get("formatCode", "") for node in styles.iter("numFmt")}
    found = {}
    for style, look in enumerate(child(styles, "cellXfs")):
        kind = number(look, "numFmtId", 0)
        code = named.get(kind, BUILT_IN.get(kind, ""))
        found[style] = "" if code in ("General", "@") else code
    return found


def _attributes(tag: bytes) -> dict[str, str]:
    return dict(_ATTRIBUTE.findall(_text(tag)))


def _text(data: bytes) -> str:
    """The characters of a piece of XML."""
    text = data.decode("utf-8", "replace")
    if "&" in text:
        for entity, character in _ENTITIES.items():
            text = text.replace(entity, character)
    return text


def _add_old_drawings(sheets: list[Sheet], workbook: Workbook, embedded: Embedded) -> None:
    """Comments and boxes of an XLS workbook; its charts are named, since their data stands in cells already."""
    for sheet in sheets:
        if read := workbook.sheets.get(sheet.name):
            sheet.after += read.texts
            sheet.after += [f"Comment on {cell_name(row, column)}: {text}" for row, column, text in read.comments]
            if read.charts:
                embedded.missing(f"sheet {sheet.name}: {read.charts} chart{'s' if read.charts > 1 else ''}")
    for index, (data, kind) in enumerate(blips(workbook.drawings), 1):
        embedded.picture(data, f"{index}{kind}")


def _xml_sheets(root: Element) -> Iterator[Sheet]:
    """The sheets of Excel's XML of 2003, as their cells show them."""
    codes = {s.get("ID", ""): child(s, "NumberFormat").get("Format", "") for s in root.iter("Style")}
    for node in root.findall("Worksheet"):
        options = child(node, "WorksheetOptions")
        sheet = Sheet(node.get("Name", ""), hidden=bool((child(options, "Visible").text or "").startswith("SheetH")))
        row = -1
        for line in child(node, "Table").findall("Row"):
            row = number(line, "Index", row + 2) - 1
            if row < _TALLEST:
                _xml_row(line, row, sheet, codes)
        yield sheet


def _xml_row(line: Element, row: int, sheet: Sheet, codes: dict[str, str]) -> None:
    column = -1
    sheet.hidden_rows += line.get("Hidden", "") == "1"
    for cell in line.findall("Cell"):
        column = number(cell, "Index", column + 2) - 1
        text = _xml_value(child(cell, "Data"), codes.get(cell.get("StyleID", "") or line.get("StyleID", ""), ""))
        if text and column < _WIDEST:
            sheet.rows.setdefault(row, {})[column] = with_target(text, cell.get("HRef", ""))
        if comment := " ".join("".join(child(cell, "Comment").itertext()).split()):
            sheet.after.append(f"Comment on {cell_name(row, column)}: {comment}")
        across, down = number(cell, "MergeAcross", 0), number(cell, "MergeDown", 0)
        if across or down:
            sheet.spans.append(Span(row, column, down + 1, min(across, _WIDEST) + 1))
        column += across


_NAMED_FORMATS = {
    "Percent": "0.00%",
    "Standard": "#,##0.00",
    "Fixed": "0.00",
    "Scientific": "0.00E+00",
    "Short Time": "h:mm",
    "Long Time": "h:mm:ss",
    "Medium Time": "h:mm AM/PM",
}


def _xml_pieces(node: Element, look: Look) -> Iterator[str]:
    """The characters of a cell, which may be marked up as in HTML."""
    name = node.tag
    look = look._replace(
        raised={"Sup": 1, "Sub": -1}.get(name, look.raised),
        struck=look.struck or name == "S",
        font=node.get("Face", "") or look.font,
    )
    yield look.apply(node.text or "")
    for inner in node:
        yield from _xml_pieces(inner, look)
        yield look.apply(inner.tail or "")


def _xml_value(data: Element, code: str) -> str:
    text = written("".join(_xml_pieces(data, Look()))).strip()
    code = _NAMED_FORMATS.get(code, code)
    if data.get("Type", "") == "Number" and code and not code.startswith(("General", "Currency", "Euro", "@")):
        with suppress(ValueError, ArithmeticError):
            return formatted(float(text), code)
    if data.get("Type", "") == "DateTime":
        return text.removesuffix(".000").removesuffix("T00:00:00").replace("1899-12-31T", "").replace("T", " ")
    return {"1": "TRUE", "0": "FALSE"}.get(text, text) if data.get("Type", "") == "Boolean" else text
