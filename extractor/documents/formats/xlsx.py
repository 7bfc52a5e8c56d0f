"""Excel since 2007 (XLSX, XLSB): what cells show, what is drawn on the sheets, and the comments on cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, ParseError

from extractor.documents.archive import Archive, open_archive
from extractor.documents.drawings import paragraphs
from extractor.documents.elements import child, growing, has, local_name, named, number, properties, setting
from extractor.documents.embedded import Embedded
from extractor.documents.formats import xlsb
from extractor.documents.parsed import Parsed
from extractor.documents.scripts import Look
from extractor.documents.sheet import CellStyles, Sheet, Words, area, column_number, linked, margin, workbook
from extractor.documents.source import Source
from extractor.errors import DocumentError

__all__ = ["parse"]

_ON = ("1", "true")
_RAISED = {"superscript": 1, "subscript": -1}
_ESCAPE = re.compile(r"_x([0-9A-Fa-f]{4})_")
_MARGINS = {f"{pages}{what}": what for pages in ("odd", "even", "first") for what in ("Header", "Footer")}
_EXACT = 15  # digits that Excel keeps of a number
_TICKED = ("CheckBox", "Radio")
_NOT_READ = {"dialogsheet": "a dialog"}  # other kinds of sheets are macros, but for charts, which are drawings


def parse(data: bytes, source: Source) -> Parsed:
    """Every sheet a page, with what is drawn on it and the comments on its cells.

    A formula that was never computed stands as it was written, and is named as unread.
    """
    archive = open_archive(data, source.limits)
    embedded = Embedded(archive)
    try:
        book = _Book(archive, embedded)
        sheets = list(book.sheets())
    except (ParseError, ValueError) as error:
        raise DocumentError(f"the workbook is damaged ({error}); fetch it again", kind="damaged") from error
    book.add_unrelated(sheets)
    return workbook(sheets, embedded, properties(archive.xml("docProps/core.xml")))


class _Book:
    """The parts of a workbook; `styles` and `texts` are those that its cells share."""

    def __init__(self, archive: Archive, embedded: Embedded) -> None:
        self._archive, self._embedded = archive, embedded
        self._parts = archive.relations(archive.main)
        self._is_binary = archive.main.endswith(".bin")
        styles, shared = self._part("styles") or "xl/styles.xml", archive.read(self._part("sharedStrings"))
        if self._is_binary:
            self._listed, from_1904 = xlsb.listed(archive.read(archive.main))
            self._styles = xlsb.styles(archive.read(styles), shared, from_1904=from_1904)
        else:
            self._listed = [_listing(node) for node in archive.root.iter("sheet")]
            from_1904 = child(archive.root, "workbookPr").get("date1904") in _ON
            nodes = ElementTree.fromstring(shared) if shared else ()
            texts = (_words(node) for node in nodes if local_name(node.tag) == "si")
            self._styles = _styles(archive.xml(styles), texts, from_1904=from_1904)
        self._is_stale = child(archive.root, "calcPr").get("fullCalcOnLoad") in _ON
        self._ticks: dict[str, str] = {}  # of the controls of the sheet, by the shapes that they are drawn as

    def _part(self, kind: str) -> str:
        return next((target for stated, target in self._parts.values() if stated == kind), "")

    def sheets(self) -> Iterator[Sheet]:
        """The sheets in their order; those that hold no cells are named."""
        for page, (name, identity, hidden) in enumerate(self._listed, 1):
            kind, part = self._parts.get(identity, ("", ""))
            sheet = Sheet(name, hidden=hidden)
            data = self._archive.read(part) if kind == "worksheet" else b""
            if data and self._is_binary:
                xlsb.read_sheet(sheet, data, self._styles, self._archive.relations(part))
            elif data:
                self._read_sheet(sheet, data, self._archive.relations(part))
            elif kind in ("", "worksheet"):
                self._embedded.missing(f"sheet {name}: it is not in the file")
            elif kind != "chartsheet":
                self._embedded.missing(f"sheet {name}: {_NOT_READ.get(kind, 'macros')}")
                continue
            self._draw(sheet, part, page)
            yield sheet

    def _read_sheet(self, sheet: Sheet, data: bytes, relations: dict[str, tuple[str, str]]) -> None:
        """The cells of a sheet, of which each row is let go once it is read, and what its part says beside them."""
        self._ticks.clear()
        row = -1
        for root, is_whole in growing(data):
            rows = next((part for part in root if local_name(part.tag) == "sheetData"), Element(""))
            ready = len(rows) - (not is_whole and len(rows) > 0)
            for line in rows[:ready]:
                row = self._read_row(sheet, line, number(line, "r", row + 2) - 1)
            del rows[:ready]
        for part in root:
            match local_name(part.tag):
                case "cols":
                    hidden = (range(number(c, "min", 1) - 1, number(c, "max", 1)) for c in part if _is_hidden(c))
                    sheet.hidden_columns += hidden
                case "mergeCells":
                    sheet.spans += [area(cell.get("ref", "")) for cell in part]
                case "hyperlinks":
                    for link in named(part):
                        sheet.link(area(link.get("ref", "")), relations.get(link.get("id", ""), ("", ""))[1])
                case "controls" | "AlternateContent":
                    for control in named(part).iter("control"):
                        target = relations.get(control.get("id", ""), ("", ""))[1]
                        about = self._archive.xml(target)
                        if about.get("objectType") in _TICKED:
                            self._ticks[control.get("shapeId", "")] = _tick(about.get("checked", ""))
                case "headerFooter":
                    for margins in named(part):
                        sheet.after += margin(_MARGINS.get(margins.tag, ""), margins.text or "")

    def _read_row(self, sheet: Sheet, line: Element, row: int) -> int:
        """The cells of a row, which has a number of its own or follows that before it; returns the number."""
        space = line.tag.removesuffix("row")
        name_of_value = f"{space}v"
        column = -1
        cells: dict[int, str] = {}
        for cell in line:
            about = cell.attrib
            place = about.get("r")
            column = column_number(place.rstrip("0123456789")) if place else column + 1
            value = cell.findtext(name_of_value)
            if value and len(cell) == 1:
                text = self._value(sheet, about, value)
            elif len(cell):
                text = self._computed(sheet, (row, column), cell, (value or "").strip(), cell.find(f"{space}f"))
            else:
                continue
            if text:
                cells[column] = text
        if cells:
            before = sheet.rows.get(row, {})
            if not cells.keys().isdisjoint(before):
                self._embedded.missing(f"{sheet.name}: a row {row + 1} before another of that number")
            sheet.rows[row] = before | cells
        sheet.hidden_rows += _is_hidden(line) and row in sheet.rows
        return row

    def _value(self, sheet: Sheet, about: Mapping[str, str], value: str) -> str:
        """What a cell shows, by the kind of its value and its style."""
        kind, style = about.get("t", "n"), about.get("s", "0")
        try:
            if kind == "s":
                return self._styles.shared(sheet, int(value), style)
            if kind == "n" and not (len(value) > _EXACT and value.isdigit()):  # an identifier, which Excel would round
                return self._styles.numbers[style](float(value))
        except ValueError:  # a text whose writer did not say so
            return value.strip()
        match kind:
            case "str":
                return self._styles.text(_unescaped(value), style)
            case "b":
                return {"1": "TRUE", "0": "FALSE"}.get(value.strip(), value)
            case "d":
                return value.removesuffix("Z").removesuffix(".000").removesuffix("T00:00:00").replace("T", " ")
        return value.strip()

    def _computed(
        self, sheet: Sheet, place: tuple[int, int], cell: Element, value: str, formula: Element | None
    ) -> str:
        """What a cell shows that holds more than a value: a formula, or a text of its own."""
        if formula is None:
            inline = next((_words(part) for part in cell if local_name(part.tag) == "is"), None)
            if inline is None:
                return self._value(sheet, cell.attrib, value)
            return self._styles.text(inline, cell.get("s", "0"))
        text, code = "", (formula.text or "").strip()
        if value or (cell.get("t") == "str" and len(cell) > 1):
            text = self._value(sheet, cell.attrib, value)
            if value == "0" and self._is_stale:
                sheet.doubtful[place] = f"={code}"
            sheet.is_computed = sheet.is_computed or value != "0"
        else:
            text = f"={code}" if code else ""
            sheet.uncomputed.append(place)
        return linked(text, code)

    def _draw(self, sheet: Sheet, part: str, page: int) -> None:
        """What is drawn on a sheet, and the comments on its cells."""
        relations = self._archive.relations(part).values()
        threads = [target for kind, target in relations if kind == "threadedComment"]
        comments = [comment for target in threads for comment in self._comments(target, "threadedComment")]
        threaded = {place for place, _ in comments}
        for kind, target in relations:
            if kind == "comments":
                comments += [one for one in self._comments(target, "comment") if one[0] not in threaded]
            elif kind == "drawing":
                sheet.after += filter(None, self._drawing(target, page))
            elif kind == "vmlDrawing" and not self._ticks:
                sheet.after += _old_controls(self._archive.xml(target))
            elif kind in ("package", "oleObject", "image"):
                self._embedded.target(target, page)
        sheet.after += [f"Comment on {place}: {text}" for place, text in comments]

    def add_unrelated(self, sheets: list[Sheet]) -> None:
        """Parts that no sheet names: pictures within cells, the data model, rows that no sheet holds."""
        for name in self._archive.names:
            file = name.rpartition("/")[2]
            if name.startswith("xl/media/"):
                self._embedded.target(name)
            elif name.startswith("xl/model/"):
                self._embedded.missing("the data model of the workbook")
            elif file.startswith("pivotCacheDefinition") and name.replace("Definition", "Records") in self._archive:
                cache = self._archive.xml(name)
                source = child(cache, "cacheSource", "worksheetSource")
                if source.get("id") or not (source.get("name") or source.get("sheet") in {s.name for s in sheets}):
                    count = cache.get("recordCount", "all")
                    self._embedded.missing(
                        f"{count} rows behind a pivot table: the sheet that they are from is not here"
                    )

    def _comments(self, part: str, name: str) -> list[tuple[str, str]]:
        found = []
        for node in self._archive.xml(part).iter(name):
            text = "".join(piece.text or "" for piece in node.iter() if piece.tag in ("t", "text"))
            found.append((node.get("ref", ""), " ".join(text.split())))
        return found

    def _drawing(self, part: str, page: int) -> Iterator[str]:
        relations = self._archive.relations(part)
        tick = ""
        for node in self._archive.xml(part).iter():
            name = node.tag
            if name == "cNvPr":
                tick = self._ticks.get(node.get("id", ""), "")
            if name in ("blip", "chart", "relIds"):
                yield self._embedded.drawn(node, relations, page)
            if name == "chart":
                for kind, shapes in self._archive.relations(relations.get(node.get("id", ""), ("", ""))[1]).values():
                    if kind == "chartUserShapes":
                        yield from self._drawing(shapes, page)
            elif name == "txBody" and (text := paragraphs(node)):
                yield tick + text


def _tick(state: str) -> str:
    return "☒ " if state in ("1", "Checked") else "☐ "


def _old_controls(drawing: Element) -> Iterator[str]:
    """What can be ticked on a sheet of Excel 2007."""
    for shape in drawing.iter("shape"):
        about = child(shape, "ClientData")
        if about.get("ObjectType", "").title() in map(str.title, _TICKED):
            label = " ".join("".join(child(shape, "textbox").itertext()).split())
            yield _tick((child(about, "Checked").text or "").strip()) + label


def _listing(sheet: Element) -> tuple[str, str, bool]:
    """A sheet's name, the identity of its part, and whether it is hidden."""
    return sheet.get("name", ""), sheet.get("id", ""), sheet.get("state", "visible") != "visible"


def _is_hidden(element: Element) -> bool:
    return element.get("hidden") in _ON


def _words(text: Element) -> Words:
    """A text; where it has several looks, its runs. How Japanese is read aloud is left out."""
    if len(text) == 1 and not len(text[0]):
        return _unescaped(text[0].text or "")
    if not has(named(text), "r"):
        return _unescaped(child(text, "t").text or "")
    runs = ((child(run, "rPr"), run if run.tag == "t" else child(run, "t")) for run in text if run.tag in ("r", "t"))
    return [(_look(look) if len(look) else None, _unescaped(words.text or "")) for look, words in runs]


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda code: chr(int(code[1], 16)), text) if "_x" in text else text


def _look(font: Element) -> Look:
    raised = _RAISED.get(setting(font, "vertAlign"), 0)
    is_struck = has(font, "strike") and setting(font, "strike") not in ("0", "false")
    return Look(raised=raised, struck=is_struck, font=setting(font, "rFont") or setting(font, "name"))


def _styles(root: Element, texts: Iterable[Words], *, from_1904: bool) -> CellStyles:
    codes = {number(node, "numFmtId", 0): node.get("formatCode", "") for node in root.iter("numFmt")}
    fonts = list(map(_look, child(root, "fonts")))
    kinds = [(number(style, "numFmtId", 0), number(style, "fontId", 0)) for style in child(root, "cellXfs")]
    return CellStyles(zip(map(str, count()), kinds, strict=False), codes, fonts, texts, from_1904=from_1904)
