"""OpenDocument: text (ODT), presentations (ODP) and spreadsheets (ODS), zipped or flat."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from xml.etree.ElementTree import Element

from extractor.documents.archive import Archive, open_archive
from extractor.documents.drawings import captioned
from extractor.documents.elements import ABSENT, child, growing, local_name, named, number, properties
from extractor.documents.embedded import Embedded
from extractor.documents.equations import equation
from extractor.documents.links import with_target
from extractor.documents.number_formats import formatter, general
from extractor.documents.numerals import Level, label
from extractor.documents.parsed import Parsed, paginate
from extractor.documents.scripts import Look, apart_from_numbers, is_symbol_font, written
from extractor.documents.sheet import Sheet, cell_name, linked, margin, workbook
from extractor.documents.source import Source
from extractor.documents.tables import Span, TableWriter
from extractor.errors import DocumentError

__all__ = ["parse"]

_UNSEEN = frozenset(
    {"tracked-changes", "sequence-decls", "automatic-styles", "font-face-decls", "scripts", "styles", "meta"}
    | {"master-styles", "settings", "variable-decls", "user-field-decls", "shapes", "dde-source", "event-listeners"}
)
_SHAPES = frozenset(
    {"frame", "text-box", "object", "image", "custom-shape", "rect", "g", "line", "polyline", "polygon", "path"}
    | {"circle", "regular-polygon", "ellipse", "connector", "measure", "caption", "scene", "page-thumbnail"}
)
_HEADERS = ("header", "header-first", "header-left")
_FOOTERS = ("footer", "footer-first", "footer-left")
_MARKS = {"tab": "\t", "line-break": "\n", "s": " ", "soft-hyphen": "", "non-breaking-hyphen": "-"}
_GROUPS = ("table-rows", "table-header-rows", "table-row-group")
_CELL_TEXT = ("p", "h", "list")
_HIDDEN = ("collapse", "filter")
_STATES = ("current-state", "current-selected", "state", "selected")
_STRUCK = ("text-line-through-style", "text-line-through-type")
_FIELDS = ("page-number", "page-count", "sheet-name", "date", "time", "file-name")
_DATE_PARTS = re.compile(r"\d+|[^\W\d_]{3,}")
_TIME = re.compile(r"(-?)PT(\d+)H(\d+)M(\d+(?:\.\d+)?)S")
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:T00:00:00(?:\.0+)?)?")
_LENGTH = re.compile(r"(-?\d+(?:\.\d+)?)([a-z]*)")
_UNITS = {"cm": 72 / 2.54, "mm": 72 / 25.4, "in": 72.0, "pc": 12.0}
_BAND = 18.0  # points, a quarter inch: shapes side by side read from left to right
_WIDEST = 100
_REPEATED = 10_000  # rows or columns that one element stands for; what is repeated more is a fill
_MOST_ROWS = 1 << 20
_PLAIN = Look()
_AREAS = ("number-columns-spanned", "number-rows-spanned", "number-columns-repeated")
_OF_CELLS = (
    *("number-rows-repeated", "visibility", "number-columns-repeated", "number-columns-spanned"),
    *("value-type", "formula", "date-value", "style-name"),
)


def parse(data: bytes, source: Source) -> Parsed:
    """A text with its headers before and its footers and comments after it; slides and sheets as pages."""
    archive = open_archive(data, source.limits)
    if b"encryption-data" in archive.read("META-INF/manifest.xml"):
        raise DocumentError("the file is encrypted; save a copy without a password", kind="encrypted")
    embedded, about = Embedded(archive), properties(archive.xml("meta.xml"))
    if b"spreadsheet" in archive.read("mimetype"):
        return workbook(_sheets(archive, embedded), embedded, about)
    root = archive.xml("content.xml")
    if root is ABSENT:
        raise DocumentError("the file is damaged: it has no readable content; fetch it again", kind="damaged")
    styles = archive.xml("styles.xml")
    reader = _Reader(archive, (root, styles), embedded)
    body = next(root.iter("body"), root)
    kind = next((node.tag for node in body), "")
    if kind in ("presentation", "drawing"):
        text, pages = paginate(reader.slides(child(body, kind)))
        return embedded.parsed(text, pages, {"pages": len(pages), **about})
    blocks = [*reader.margins(styles, _HEADERS), *reader.blocks(body), *reader.margins(styles, _FOOTERS)]
    blocks += reader.after()
    return embedded.parsed("\n\n".join(block for block in blocks if block.strip()), metadata=about)


def _sheets(archive: Archive, embedded: Embedded) -> Iterator[Sheet]:
    """Each sheet as its cells show it. A row is let go once it is read: a tree of them all takes much memory."""
    reader = begun = None
    page = 0
    for root, is_whole in growing(archive.read("content.xml")):
        body = next((part for part in root if local_name(part.tag) == "body"), ABSENT)
        book = next((part for part in body if local_name(part.tag) == "spreadsheet"), ABSENT)
        for table in [part for part in book if local_name(part.tag) == "table"]:
            reader = reader or _Reader(archive, (named(root), archive.xml("styles.xml")), embedded)
            if table is not begun:
                begun, page = table, page + 1
                reader.begin(named(table), page)
            is_done = is_whole or table is not book[-1]
            reader.take(table, is_whole=is_done)
            if is_done:
                yield reader.sheet(named(table))
                book.remove(table)


@dataclass(slots=True)
class _List:
    """One list as it is counted: its style, and how many items each level has so far."""

    style: str = ""
    counts: dict[int, int] = field(default_factory=dict)


@lru_cache(maxsize=1024)
def _full_names(attributes: tuple[str, ...]) -> tuple[str, ...]:
    """The names of those of rows and cells among these attributes of an element, "" for each that it has not."""
    full = {local_name(name): name for name in reversed(attributes)}
    return tuple(full.get(name, "") for name in _OF_CELLS)


class _Reader:
    def __init__(self, archive: Archive, roots: tuple[Element, ...], embedded: Embedded) -> None:
        self._archive = archive
        looks = [node for root in roots for part in root if part.tag != "body" for node in part.iter()]
        self._styles = {
            (node.get("family", ""), node.get("name", "")): node for node in reversed(looks) if node.tag == "style"
        }
        self._lists = {node.get("name", ""): dict(_levels(node)) for node in looks if node.tag == "list-style"}
        self._pages = {node.get("name", ""): node for node in looks if node.tag == "master-page"}
        self._looks: dict[tuple[str, str, Look], Look] = {}
        self._fonts = {n.get("name", ""): n.get("font-family", "").strip("'") for n in looks if n.tag == "font-face"}
        self._counts: dict[str, dict[int, int]] = {}  # by list style, for lists that go on where another ended
        self._outline = {depth: level for n in looks if n.tag == "outline-style" for depth, level in _levels(n)}
        self._chapters: dict[int, int] = {}
        self._controls: dict[str, Element] = {}
        self._page: int | None = None
        self._is_hidden = False  # the paragraph that is being read
        self._notes: list[str] = []
        self._remarks: list[str] = []
        self.embedded = embedded

    def margins(self, styles: Element, names: tuple[str, ...]) -> list[str]:
        """Headers or footers, each once; those of first and of left pages among them."""
        nodes = [node for name in names for node in styles.iter(name)]
        visible = (node for node in nodes if node.get("display", "") != "false")
        return list(dict.fromkeys("\n".join(self.blocks(node)) for node in visible))

    def slides(self, body: Element) -> Iterator[str]:
        """The text of each slide as the eye meets it, its notes after it."""
        pages = body.findall("page")
        for self._page, page in enumerate(pages, 1):
            style = self._styles.get(("drawing-page", page.get("style-name", "")), ABSENT)
            head = "(hidden slide)" if child(style, "drawing-page-properties").get("visibility", "") == "hidden" else ""
            behind = self._pages.pop(page.get("master-page-name", ""), ())  # once, with the first slide that has it
            own = [node for node in behind if "class" not in node.attrib and next(node.iter("image"), None) is None]
            blocks = (head, *self.blocks(sorted(page, key=_order)), *self.blocks(own), *self.after())
            yield "\n\n".join(block for block in blocks if block.strip())

    def blocks(self, parent: Iterable[Element], depth: int = 0, listed: _List | None = None) -> list[str]:
        """The paragraphs, lists and tables below `parent`, in order."""
        found: list[str] = []
        for element in parent:
            match element.tag:
                case "p" | "h":
                    found += self._paragraph(element, is_item=depth > 0)
                case "list":
                    found.append("\n".join(self._items(element, depth, listed)))
                case "table":
                    found.append(self._table(element))
                case "notes":
                    notes = "\n".join(block for block in self.blocks(element) if block.strip())
                    found.append(f"Notes: {notes}" if notes else "")
                case "frame" | "image" | "object" | "object-ole" | "plugin":
                    found += self._frame(element)
                case "annotation":
                    self._comment(element)
                case "forms":
                    self._controls |= {node.get("id", ""): node for node in element.iter() if node.get("id")}
                case "control":
                    found.append(self._control(element))
                case "section" if element.get("display", "") == "none" or element.get("is-hidden", "") == "true":
                    continue
                case name if name not in _UNSEEN:
                    found += self.blocks(element, depth, listed)
        return found

    def _paragraph(self, element: Element, *, is_item: bool) -> list[str]:
        apart: list[str] = []
        look = self._look("paragraph", element.get("style-name", ""))
        outer, self._is_hidden = self._is_hidden, False
        text = written(self._inline(element, apart, look)).strip()
        is_hidden, self._is_hidden = self._is_hidden, outer
        if is_hidden:
            return []
        level = number(element, "outline-level", 0) if element.tag == "h" else 0
        if level and text:
            stated = "".join(child(element, "number").itertext()).strip()
            chapter = "" if is_item else self._chapter(element, level - 1) or f"{stated} ".lstrip()
            text = f"{'#' * min(level, 6)} {chapter}{text}"
        return [text, *apart]

    def _chapter(self, heading: Element, depth: int) -> str:
        """The number of a chapter, with a space after it, where the document numbers its headings."""
        style = self._styles.get(("paragraph", heading.get("style-name", "")), ABSENT)
        while "list-style-name" not in style.attrib and (above := style.get("parent-style-name")):
            style = self._styles.get(("paragraph", above), ABSENT)
        if heading.get("is-list-header", "") == "true" or style.get("list-style-name") == "":
            return ""
        restart = number(heading, "start-value", 1) if heading.get("restart-numbering", "") == "true" else None
        return label(self._outline, depth, self._chapters, restart)

    def _items(self, parent: Element, depth: int, listed: _List | None) -> Iterator[str]:
        """The items of a list, each behind its number or its mark."""
        style = parent.get("style-name", "") or (listed.style if listed else "")
        goes_on = parent.get("continue-numbering", "") == "true" or bool(parent.get("continue-list", ""))
        if listed is None:
            listed = _List(style, self._counts.get(style, {}) if goes_on else {})
            self._counts[style] = listed.counts
        elif not goes_on:
            listed.counts.pop(depth, None)
        listed.style = style
        for item in parent:
            if item.tag not in ("list-item", "list-header"):
                continue
            label = self._label(item, depth, listed)
            first = True
            for block in self.blocks(item, depth + 1, listed):
                nested = item.find("list") is not None and block.startswith(("  " * (depth + 1), "\n"))
                if not block.strip():
                    continue
                yield label + block if first and not nested else block
                first = first and nested

    def _label(self, item: Element, depth: int, listed: _List) -> str:
        levels = self._lists.get(listed.style, {})
        if item.tag == "list-header":
            return "  " * depth
        if depth not in levels:
            return "  " * depth + "- "
        restart = number(item, "start-value", -1)
        return "  " * depth + label(levels, depth, listed.counts, restart if restart >= 0 else None)

    def _inline(self, parent: Element, apart: list[str], look: Look) -> str:
        """The characters of a paragraph; what is drawn and stands apart from its lines is put by, to follow it."""
        if not len(parent):
            return _styled(parent.text, look)
        out = [_styled(parent.text, look)]
        for element in parent:
            match element.tag:
                case "span":
                    out.append(self._inline(element, apart, self._look("text", element.get("style-name", ""), look)))
                case "a":
                    out.append(with_target(self._inline(element, apart, look), element.get("href", "")))
                case name if name in _SHAPES:
                    if formula := self._formula(element):
                        out.append(apart_from_numbers(formula))
                    else:
                        apart += self._frame(element)
                case "note":
                    out.append(self._note(element))
                case "annotation":
                    out.append(self._comment(element))
                case "ruby":
                    out.append(self._inline(child(element, "ruby-base"), apart, look))
                case "control":
                    out.append(self._control(element))
                case "page-number" if self._page:
                    out.append(str(self._page))
                case "hidden-paragraph":
                    self._is_hidden = element.get("is-hidden", "") == "true"  # which is left out where it is shown
                case "variable-set" | "user-defined" if element.get("display", "") == "none":
                    pass
                case "hidden-text" if element.get("is-hidden", "") == "true":
                    pass
                case "annotation-end" | "number" | "script":
                    pass
                case name if name in _MARKS:
                    out.append(_MARKS[name] * min(number(element, "c", 1), _WIDEST))
                case _:
                    out.append(self._inline(element, apart, look))
            out.append(_styled(element.tail, look))
        return "".join(out)

    def _formula(self, frame: Element) -> str:
        """The formula that a frame holds, which is read where it stands; "" for any other frame."""
        inner = self._content(child(frame, "object"))
        return equation(inner) if inner.tag == "math" else ""

    def _control(self, element: Element) -> str:
        """The control of a form that is drawn here: its label, whether it is ticked, and what is entered or chosen."""
        control = self._controls.get(element.get("control", ""), ABSENT)
        about = control.attrib
        label, value = about.get("label", ""), about.get("current-value") or about.get("value") or ""
        if control.tag in ("checkbox", "radio"):
            state = next((about[name] for name in _STATES if name in about), "")
            return f"{'☒' if state in ('checked', 'true') else '☐'} {label or value}"
        if control.tag == "listbox":
            chosen = [node for node in control if "true" in (node.get("current-selected"), node.get("selected"))]
            value = ", ".join(node.get("label", "") for node in chosen)
        return ": ".join(filter(None, (label, value or " ".join(self.blocks(control)))))

    def _note(self, note: Element) -> str:
        """The mark of a footnote or an endnote; what it says follows the text."""
        stated = " ".join("".join(child(note, "note-citation").itertext()).split())
        mark = f"[^{stated or len(self._notes) + 1}]"
        place = len(self._notes)
        self._notes.append("")
        self._notes[place] = f"{mark}: " + " ".join(" ".join(self.blocks(child(note, "note-body"))).split())
        return mark

    def _comment(self, element: Element) -> str:
        """The mark of a comment; what it says follows the text."""
        mark = f"[^c{len(self._remarks) + 1}]"
        author = " ".join((child(element, "creator").text or "unknown").split())
        paragraphs = [block for block in self.blocks(element) if block.strip()]
        self._remarks.append(f"{mark}: comment by {author}: {' '.join(paragraphs)}")
        return mark

    def after(self) -> list[str]:
        """The notes and comments of what was read since the last call."""
        found, self._notes, self._remarks = [*self._notes, *self._remarks], [], []
        return found

    def _frame(self, frame: Element) -> Iterator[str]:
        """The first rendering of a frame that can be read: a box, a table, a formula, a chart, else a picture."""
        kind = frame.get("class", "")
        match frame.tag:
            case _ if kind == "page-number":
                return
            case "frame":
                kinds = {node.tag: node for node in reversed(frame)}
                parts = ("text-box", "table", "object", "object-ole", "image", "plugin", "g")
                blocks = self._frame(next((kinds[part] for part in parts if part in kinds), ABSENT))
                yield from ["# " + " ".join(" ".join(blocks).split())] if kind == "title" else blocks
            case "object":
                yield from self._object(frame)
            case "image" | "object-ole" | "plugin":
                self._picture(frame)
            case "table":
                yield self._table(frame)
            case _:
                yield from self.blocks(frame)

    def _content(self, element: Element) -> Element:
        """What an object within the text is: a formula, a chart, a text or a workbook."""
        part = _part(element)
        root = self._archive.xml(f"{part}/content.xml") if part else element
        body = next(root.iter("body"), root)  # styles before it have elements of these names too
        found = next((node for node in body.iter() if node.tag in ("math", "chart", "text", "spreadsheet")), ABSENT)
        if found.tag == "chart":
            _show_days(root, found)
        return found

    def _object(self, element: Element) -> Iterator[str]:
        inner = self._content(element)
        if inner.tag == "math":
            yield equation(inner)
        elif inner.tag == "chart":
            yield self._chart(inner)
        elif inner is not ABSENT:
            yield from self.blocks(inner)
        else:
            self.embedded.missing(f"the embedded object {_part(element) or 'without a name'}")

    def _chart(self, element: Element) -> str:
        *_, inner = element.iter("chart")  # within the element of that name that holds it
        titled = (child(node, "title") for node in (inner, *inner.iter("axis")))
        title, *axes = (" ".join(" ".join(self.blocks(node)).split()) for node in titled)
        return captioned(title, axes, *(self._table(node, heads=1) for node in element.iter("table")))

    def _picture(self, element: Element) -> None:
        link = element.get("href", "").removeprefix("./")
        inline = child(element, "binary-data").text
        if inline:
            try:
                self.embedded.picture(b64decode(inline), "in the text", self._page)
            except (Base64Error, ValueError):
                self.embedded.missing("a picture in the text: it is damaged")
        elif link in self._archive:
            self.embedded.target(link, self._page)
        elif link:
            self.embedded.missing(f"outside the file: {link}")

    def _look(self, family: str, name: str, base: Look = _PLAIN) -> Look:
        """The look of a style, with those that it is based on."""
        look = self._looks.get((family, name, base))
        if look is None:
            style = self._styles.get((family, name), ABSENT)
            parent = style.get("parent-style-name", "")
            self._looks[family, name, base] = base  # for a style that is based on itself
            above = self._look(family, parent, base) if parent else base
            look = self._looks[family, name, base] = self._own_look(child(style, "text-properties"), above)
        return look

    def _own_look(self, properties: Element, above: Look) -> Look:
        about = properties.attrib
        place = about.get("text-position", "")
        lines = [about[name] for name in _STRUCK if name in about]
        font = about.get("font-name", "") or about.get("font-family", "")
        font = self._fonts.get(font, font)
        look = Look(
            about["display"] == "none" if "display" in about else above.hidden,
            _height(place) if place else above.raised,
            "none" not in lines if lines else above.struck,
            (font if is_symbol_font(font) else "") if font else above.font,
        )
        return look if any(look) else _PLAIN

    def _table(self, table: Element, heads: int = 0) -> str:
        built = TableWriter()
        for index, (row, is_head) in enumerate(_rows(table)):
            cells = row.findall("table-cell")
            texts = ["\n".join(block for block in self.blocks(cell) if block.strip()) for cell in cells]
            if heads:  # of the data of a chart, which have a number in every cell
                texts = ["" if text == "NaN" else text for text in texts]
            times = number(row, "number-rows-repeated", 1)
            for _ in range(self._times(times, "rows", filled=any(texts))):
                built.row()
                for cell, text in zip(cells, texts, strict=True):
                    wide = deep = times = 1
                    if not cell.attrib.keys().isdisjoint(_AREAS):
                        wide, deep, times = (number(cell, name, 1) for name in _AREAS)
                    wide, deep = min(wide, _WIDEST), min(deep, _MOST_ROWS)
                    for _ in range(self._times(times, "columns", filled=bool(text))):
                        built.cell(text, columns=wide, rows=deep, heading=is_head or index < heads)
        return built.text()

    def _times(self, times: int, what: str, *, filled: bool, where: str = "") -> int:
        """How many rows or columns that are alike are read. What is past the limit is named, if it is filled."""
        most = _REPEATED if filled else _WIDEST
        if filled and times > most:
            self.embedded.missing(f"{where or f'a {what[:-1]} of a table'}: {times - most} more {what} like it")
        return min(times, most)

    def begin(self, table: Element, page: int) -> None:
        """What follows are the rows of this table, which is a sheet."""
        self._page, self._row = page, 0
        style = self._styles.get(("table", table.get("style-name", "")), ABSENT)
        is_hidden = child(style, "table-properties").get("display", "") == "false"
        self._sheet = Sheet(table.get("name", ""), hidden=is_hidden)

    def take(self, parent: Element, *, is_whole: bool) -> None:
        """Read the rows of a table or of a group, and take them out; the last child may be incomplete."""
        for element in list(parent):
            is_done = is_whole or element is not parent[-1]
            tag = local_name(element.tag)
            if tag in _GROUPS:
                self.take(element, is_whole=is_done)
            elif tag == "table-row" and is_done:
                self._read_row(element)
                parent.remove(element)

    def _read_row(self, row: Element) -> None:
        """The next row of the sheet, or as many as it stands for."""
        sheet, index = self._sheet, self._row
        repeated, visibility, *_ = _full_names(tuple(row.attrib))
        times = number(row, repeated, 1)
        cells: dict[int, str] = {}
        column = 0
        for cell in row:
            column += self._read_cell(cell, (index, column), sheet, cells)
        if cells:
            where = f"sheet {sheet.name}, row {index + 1}"
            for place in range(index, index + self._times(times, "rows", filled=True, where=where)):
                sheet.rows[place] = cells
            sheet.hidden_rows += times * (row.get(visibility) in _HIDDEN)
        self._row += times

    def sheet(self, table: Element) -> Sheet:
        """The sheet whose rows were read, with what its table says beside them."""
        sheet = self._sheet
        sheet.hidden_columns += _hidden_columns(table)
        drawn = (node for part in table if part.tag == "shapes" for node in part)
        sheet.after += [block for block in self.blocks([*table.findall("forms"), *drawn]) if block.strip()]
        sheet.after += self.after()
        style = self._styles.get(("table", table.get("style-name", "")), ABSENT).get("master-page-name", "Default")
        for part in self._pages.get(style, ()):
            if part.tag in (*_HEADERS, *_FOOTERS) and part.get("display", "") != "false":
                for field in [node for node in part.iter() if node.tag in _FIELDS]:
                    field.tag = field.text = ""
                words = " ".join(self.blocks(part)).replace("&", "&&")
                sheet.after += margin("Header" if part.tag in _HEADERS else "Footer", words)
        return sheet

    def _read_cell(self, cell: Element, place: tuple[int, int], sheet: Sheet, found: dict[int, str]) -> int:
        """A cell: its text is added to those found, as often as it is repeated; returns how many columns it has."""
        about = cell.attrib
        _, _, repeated, spanned, kind, formula, date, style = _full_names(tuple(about))
        (row, column), times = place, number(cell, repeated, 1) if repeated else 1
        if not len(cell) and not kind and not formula:
            return times
        if spanned:
            wide, deep = number(cell, spanned, 1), number(named(cell), "number-rows-spanned", 1)
            sheet.spans.append(Span(row, column, deep, min(wide, _WIDEST)))
        if len(cell) == 1 and not len(cell[0]) and local_name(cell[0].tag) == "p":
            text = (cell[0].text or "").strip()
        else:
            self._around(named(cell), row, column, sheet)
            own = [node for node in cell if node.tag in _CELL_TEXT]
            text = "\n".join(block for block in self.blocks(own) if block.strip())
        text = (_dated(text, about[date]) if date else text) or _written_value(named(cell).attrib)
        if not text and not kind and formula:
            sheet.uncomputed.append(place)
            text = "=" + about[formula].partition("=")[2]
        if text and local_name(cell.tag) == "table-cell":
            look = self._look("table-cell", about[style]) if style else _PLAIN
            text = text if look is _PLAIN else written(look.apply(text))
            text = linked(text, about[formula].partition(":")[2]) if formula else text
            found[column] = text
            if times > 1:
                where = f"sheet {sheet.name}, {cell_name(row, column)}"
                end = column + self._times(times, "columns", filled=True, where=where)
                found |= dict.fromkeys(range(column, end), text)
        return times

    def _around(self, cell: Element, row: int, column: int, sheet: Sheet) -> None:
        """The comment on a cell, and what is drawn over it: they follow the sheet."""
        for node in cell:
            if node.tag == "annotation":
                text = " ".join(" ".join(self.blocks(node)).split())
                sheet.after.append(f"Comment on {cell_name(row, column)}: {text}")
            elif node.tag not in _CELL_TEXT:
                sheet.after += [block for block in self._frame(node) if block.strip()]


def _order(node: Element) -> tuple[int, bool, int, float]:
    """Where something of a slide is read: what shapes refer to, the title, shapes from top to bottom, the rest."""
    if node.tag not in _SHAPES and node.tag != "control":
        return (0 if node.tag == "forms" else 2), False, 0, 0.0
    inner = node.iter() if node.tag == "g" else (node,)  # a group stands where its shapes do
    drawn = (part for part in inner if part.tag in _SHAPES and "y" in part.attrib)
    places = [(_length(part.get("y", "")), _length(part.get("x", ""))) for part in drawn]
    top, left = min(places, default=(0.0, 0.0))
    return 1, node.get("class", "") != "title", int(top // _BAND), left


def _length(text: str) -> float:
    """A length in points, such as `2.5cm`."""
    match = _LENGTH.match(text)
    return float(match[1]) * _UNITS.get(match[2], 1.0) if match else 0.0


def _styled(text: str | None, look: Look) -> str:
    """Characters as they look; most look as they are."""
    return (text or "") if not text or (look is _PLAIN and text.isascii()) else look.apply(text)


def _show_days(root: Element, chart: Element) -> None:
    """Write the days along the axis of a chart as dates, where its style does; its table has their numbers."""
    dates = {node.get("name", "") for node in root.iter("date-style")}
    styles = {node.get("name", "") for node in root.iter("style") if node.get("data-style-name", "") in dates}
    if any(axis.get("dimension") == "x" and axis.get("style-name", "") in styles for axis in chart.iter("axis")):
        for row in chart.iter("table-row"):
            cell = child(row, "table-cell")
            for words in cell.findall("p"):
                with suppress(ValueError):
                    words.text = formatter("yyyy-mm-dd", False)(float(cell.get("value", "")))


def _levels(style: Element) -> Iterator[tuple[int, Level]]:
    """The levels of a list, or of the headings, that have numbers."""
    for level in (*style.findall("list-level-style-number"), *style.findall("outline-level-style")):
        depth, form = number(level, "level", 1) - 1, level.get("num-format", "")
        if form:
            first = depth + 1 - min(max(number(level, "display-levels", 1), 1), depth + 1)
            places = ".".join(f"%{place}" for place in range(first + 1, depth + 2))
            text = f"{level.get('num-prefix', '')}{places}{level.get('num-suffix', '')}"
            yield depth, Level(number(level, "start-value", 1), form, text)


def _dated(text: str, stated: str) -> str:
    """A cell that shows a date, as ISO 8601 where it is whole, which reads one way only."""
    if not stated or len(_DATE_PARTS.findall(text)) < 3:
        return text
    match = _DATE.match(stated)
    return match[1] if match and match.end() == len(stated) else stated.replace("T", " ")


def _written_value(about: dict[str, str]) -> str:
    """What a cell holds whose text its writer left out."""
    value = about.get("value", "")
    with suppress(ValueError):
        match about.get("value-type"):
            case "percentage":
                return f"{general(float(value) * 100)}%"
            case "currency":
                return f"{value} {about.get('currency', '')}".strip()
            case "time" if match := _TIME.fullmatch(about.get("time-value", "")):
                return f"{match[1]}{int(match[2])}:{match[3]}:{match[4]}"
            case "boolean":
                return about.get("boolean-value", "").upper()
    stated = value or about.get("string-value", "") or about.get("date-value", "").replace("T", " ")
    return stated or about.get("time-value", "")


def _part(element: Element) -> str:
    return element.get("href", "").removeprefix("./").rstrip("/")


def _height(position: str) -> int:
    """How far above the line characters stand, in percent: `super 58%`, `-33% 58%`."""
    share = position.partition("%")[0]
    if share.lstrip("-").isdigit():
        return int(share)
    return 1 if position.startswith("super") else -1 if position.startswith("sub") else 0


def _rows(table: Element, is_head: bool = False) -> Iterator[tuple[Element, bool]]:
    """The rows of a table, and whether each is a header row."""
    for element in table:
        if element.tag == "table-row":
            yield element, is_head
        elif element.tag in _GROUPS:
            yield from _rows(element, is_head or element.tag == "table-header-rows")


def _hidden_columns(table: Element) -> Iterator[range]:
    first = 0
    for column in table.iter("table-column"):
        last = first + number(column, "number-columns-repeated", 1)
        if column.get("visibility", "") in _HIDDEN:
            yield range(first, last)
        first = last
