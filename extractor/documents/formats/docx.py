"""Word (DOCX, DOCM, DOTX), strict and transitional: what a reader sees, with headings, numbers of lists, and notes."""

from __future__ import annotations

import re
from base64 import b64decode
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from xml.etree.ElementTree import Element

from extractor.documents.archive import Archive, open_archive
from extractor.documents.elements import ABSENT, child, has, number, properties, setting
from extractor.documents.embedded import Embedded
from extractor.documents.equations import equation
from extractor.documents.links import with_fields, with_target
from extractor.documents.numerals import Level, label, numeral
from extractor.documents.parsed import Parsed
from extractor.documents.scripts import Look, apart_from_numbers, from_symbol_font, struck, written
from extractor.documents.source import Source
from extractor.documents.tables import TableWriter

__all__ = ["parse"]

_UNSEEN = frozenset(
    {"del", "moveFrom", "delInstrText", "delText", "rt", "pPr", "sectPr", "tblPr", "trPr", "tcPr", "rPr"}
    | {"tblGrid", "sdtPr", "ffData", "docPr"}
)
_MARKS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "ptab": "\t"}
_LEFT_OUT = {
    "contentPart": "a drawing in ink",
    "control": "a form control",
    "subDoc": "a document that is kept outside the file",
    "webVideoPr": "a film",
}
_FIELD = {"begin": "\x13", "separate": "\x14", "end": "\x15"}
_ITEMS = re.compile(r"^( *- .*)\n\n(?= *- )", re.M)  # the items of a list stand close together
_HEADING = re.compile(r"heading ([1-9])", re.I)
_FORMS = {
    **{"lowerLetter": "a", "upperLetter": "A", "lowerRoman": "i", "upperRoman": "I", "decimalZero": "01"},
    **{"russianLower": "а", "russianUpper": "А", "bullet": "bullet", "none": "none"},
    **dict.fromkeys(("decimalEnclosedCircle", "decimalEnclosedCircleChinese"), "①"),
    **dict.fromkeys(("chineseCounting", "chineseCountingThousand", "japaneseCounting"), "一"),
    **dict.fromkeys(("taiwaneseCounting", "taiwaneseCountingThousand"), "一"),
}
_OFF = ("0", "false", "off")
_RAISED = {"superscript": 1, "subscript": -1}
_PLAIN = Look()
_WIDEST = 100


def parse(data: bytes, source: Source) -> Parsed:
    """The headers, the text with its tables and boxes, the footers, then notes and comments; embedded files follow."""
    archive = open_archive(data, source.limits)
    reader = _Reader(archive, Embedded(archive))
    root = archive.root
    parts: defaultdict[str, list[str]] = defaultdict(list)
    for kind, target in archive.relations(archive.main).values():
        parts[kind].append(target)
    header = reader.margins(parts["header"], root, "hdr")
    body = list(reader.blocks(root))
    footer = reader.margins(parts["footer"], root, "ftr")
    footnotes, endnotes, comments = (
        [note for part in parts[kind] for note in reader.notes(part)] for kind in ("footnotes", "endnotes", "comments")
    )
    after = (*footer, *footnotes, *endnotes, *reader.inline_notes, *comments)
    for name in (*parts["package"], *parts["oleObject"]):
        reader.embedded.target(name)
    blocks = [block for block in (*header, *body, *after) if block.strip()]
    text = _ITEMS.sub(r"\1\n", "\n\n".join(blocks))
    return reader.embedded.parsed(text, metadata=properties(archive.xml("docProps/core.xml")))


class _Reader:
    """Reads one document's elements, with the styles, lists and parts that they refer to."""

    def __init__(self, archive: Archive, embedded: Embedded) -> None:
        self._archive, self._relations = archive, archive.relations(archive.main)
        folder = archive.main.rpartition("/")[0]
        styles = archive.xml(f"{folder}/styles.xml")
        self._styles = _Styles(styles if len(styles) else child(archive.root, "styles"))
        self._lists = _Lists(archive.xml(f"{folder}/numbering.xml"))
        self._notes: dict[tuple[str, str], str] = {}  # (kind, id) -> the mark that stands in the text
        self.inline_notes: list[str] = []  # those that stand within the text in the file
        self._look = _PLAIN  # of the paragraph that is being read
        self._moves = any(move.find(".//t") is not None for move in archive.root.iter("moveTo"))
        self.embedded = embedded

    def blocks(self, parent: Element) -> Iterator[str]:
        """The paragraphs and tables below `parent`, in order; some run on into the next."""
        begun: Element | None = None  # a paragraph that the next one goes on with
        for element in parent:
            if begun is not None and element.tag == "p":
                element[:0] = [node for node in begun if node.tag != "pPr"]
                begun = None
            elif begun is not None and len(element):  # marks of bookmarks and the like are empty
                yield from self._paragraph(begun)
                begun = None
            match element.tag:
                case "p" if _runs_on(child(element, "pPr")):
                    begun = element
                case "p":
                    yield from self._paragraph(element)
                case "tbl":
                    yield self._table(element)
                case "altChunk":
                    yield from self._chunk(element)
                case "oMathPara":
                    yield equation(element)
                case name if name in _LEFT_OUT:
                    self.embedded.missing(_LEFT_OUT[name])
                case name if name not in _UNSEEN:
                    yield from self.blocks(element)
        if begun is not None:
            yield from self._paragraph(begun)

    def margins(self, names: Iterable[str], root: Element, inline: str) -> list[str]:
        """The texts of headers or footers, those of first and even pages among them, each once."""
        texts = []
        for name in names:
            with self._within(name) as part:
                texts.append("\n".join(self.blocks(part)))
        texts += ["\n".join(self.blocks(node)) for node in root.iter(inline)]
        return list(dict.fromkeys(texts))

    def notes(self, name: str) -> Iterator[str]:
        """Footnotes, endnotes or comments, each with the mark that stands in the text."""
        with self._within(name) as part:
            for note in part:
                if note.get("type", "") in ("", "normal"):
                    yield self._remark(note, note.tag, self._note(note.tag, note.get("id", "")))

    def _remark(self, note: Element, kind: str, mark: str) -> str:
        author = f"comment by {note.get('author', '') or 'unknown'}: " if kind == "comment" else ""
        return f"{mark}: {author}{' '.join(self.blocks(note)).strip()}"

    def _note_in_place(self, note: Element, kind: str) -> str:
        """The mark of a note that stands within the text in the file."""
        mark = self._note(kind, f"in place {len(self._notes)}")
        self.inline_notes.append(" ".join(self._remark(note, kind, mark).split()))
        return mark

    @contextmanager
    def _within(self, name: str) -> Iterator[Element]:
        """A part besides the main one, with the relations of its own."""
        if name not in self._archive:
            self.embedded.missing(f"{name}: it is not in the file")
        outer, self._relations = self._relations, self._archive.relations(name)
        yield self._archive.xml(name)
        self._relations = outer

    def _paragraph(self, paragraph: Element) -> Iterator[str]:
        apart: list[str] = []
        properties = child(paragraph, "pPr")
        outer, self._look = self._look, self._styles.style_look(setting(properties, "pStyle"))
        text = written(with_fields("".join(self._inline(paragraph, apart)))).strip("\n ")
        self._look = outer
        if text:
            level = self._styles.heading(properties)
            mark = self._lists.mark(*self._styles.numbering(properties))
            mark = mark or setting(properties, "listPr", "t") + " " * has(properties, "listPr")
            yield ("#" * level + " " if level else "") + mark + text
        yield from apart

    def _inline(self, parent: Element, apart: list[str]) -> Iterator[str]:
        """The characters of a paragraph; boxes and charts that are anchored in it are put by, to follow it."""
        for element in parent:
            match element.tag:
                case "t":
                    yield element.text or ""
                case "instrText":
                    yield f"\x10{element.text or ''}\x11"
                case "r":
                    yield self._run(element, apart)
                case "txbxContent":
                    apart += self.blocks(element)
                case "hyperlink" | "hlink":
                    target = self._target(element.get("id", "")) or element.get("dest", "")
                    place = element.get("anchor", "")
                    text = "".join(self._inline(element, apart))
                    yield with_target(text, f"{target}#{place}" if target and place else target)
                case "moveFrom" if not self._moves:  # Word shows it struck: its words are nowhere else
                    yield struck("".join(self._inline(element, apart)))
                case "oMath":
                    yield apart_from_numbers(equation(element))
                case "fldSimple":
                    yield f"\x13{element.get('instr', '')}\x14{''.join(self._inline(element, apart))}\x15"
                case "fldChar":
                    yield from map(_chosen, element.iter())
                    yield _FIELD.get(element.get("fldCharType", ""), "")
                case "footnoteReference" | "endnoteReference" | "commentReference":
                    yield self._note(element.tag.removesuffix("Reference"), element.get("id", ""))
                case "footnote" | "endnote":
                    yield self._note_in_place(element, element.tag)
                case "annotation":
                    yield from self._annotation(element, apart)
                case "sym":
                    code = int(element.get("char", "") or "0", 16)
                    yield from_symbol_font(chr(code if code > 0xFF else 0xF000 | code), element.get("font", ""))
                case "textpath":
                    apart.append(element.get("string", ""))
                case "binData":
                    self.embedded.picture(b64decode(element.text or ""), element.get("name", "").rpartition("/")[2])
                case "blip" | "imagedata" | "chart" | "relIds" | "OLEObject":
                    apart += filter(None, [self.embedded.drawn(element, self._relations)])
                case "object":
                    yield from self._object(element, apart)
                case name if name in _MARKS:
                    yield _MARKS[name]
                case name if name in _LEFT_OUT:
                    self.embedded.missing(_LEFT_OUT[name])
                case name if name not in _UNSEEN:
                    yield from self._inline(element, apart)

    def _annotation(self, element: Element, apart: list[str]) -> Iterator[str]:
        """A change or a comment, as Word's XML of 2003 has them."""
        match element.get("type", ""):
            case "Word.Comment":
                yield self._note_in_place(element, "comment")
            case "Word.Deletion":
                return
            case _:
                yield from self._inline(element, apart)

    def _run(self, run: Element, apart: list[str]) -> str:
        """Characters of one look: hidden ones are left out, raised, lowered and struck ones are marked."""
        look = self._styles.look(child(run, "rPr"), self._look)
        if look.hidden:
            return ""
        text = "".join(self._inline(run, apart))
        return text if has(run, "fldChar") or has(run, "instrText") else look.apply(text)

    def _note(self, kind: str, identity: str) -> str:
        """The mark of a note: numbers for footnotes, Roman ones for endnotes, and a letter before that of a comment."""
        mark = self._notes.get((kind, identity))
        if mark is None:
            count = sum(other == kind for other, _ in self._notes) + 1
            mark = numeral(count, "i") if kind == "endnote" else f"c{count}" if kind == "comment" else f"{count}"
            self._notes[kind, identity] = mark
        return f"[^{mark}]"

    def _object(self, element: Element, apart: list[str]) -> Iterator[str]:
        """An embedded object: its file, or else the picture that stands for it."""
        targets = [self._target(node.get("id", "")) for node in element.iter("OLEObject")]
        for target in (files := [target for target in targets if target in self._archive]):
            self.embedded.target(target)
        if not files:
            yield from self._inline(element, apart)

    def _target(self, identity: str) -> str:
        return self._relations.get(identity, ("", ""))[1]

    def _table(self, table: Element) -> str:
        writer = TableWriter()
        heading = True
        for row in _parts(table, "tr"):
            properties = child(row, "trPr")
            if has(properties, "del"):
                continue
            writer.row()
            heading = heading and _is_on(properties, "tblHeader")
            for _ in range(min(number(child(properties, "gridBefore"), "val", 0), _WIDEST)):
                writer.cell("")
            for cell in _parts(row, "tc"):
                about = child(cell, "tcPr")
                merges = {way for way in ("hMerge", "vMerge") if has(about, way) and setting(about, way) != "restart"}
                writer.cell(
                    "\n".join(self.blocks(cell)),
                    columns=min(max(number(child(about, "gridSpan"), "val", 1), 1), _WIDEST),
                    heading=heading,
                    goes_on="across" if "hMerge" in merges else "down" if merges else "",
                )
        return writer.text()

    def _chunk(self, element: Element) -> Iterator[str]:
        """A document of another format in the midst of this one: HTML is read in place, others follow the text."""
        name = self._target(element.get("id", ""))
        if (data := self._archive.read(name)) and name.lower().endswith((".htm", ".html", ".xhtml")):
            from extractor.documents.formats.html import decode_html, html_parts

            yield self.embedded.part(html_parts(decode_html(data).text))
        else:
            self.embedded.target(name or "a part of the text")


class _Styles:
    """The styles, each with those it is based on: which paragraphs are headings or items, which runs are hidden."""

    def __init__(self, root: Element) -> None:
        self._styles = {style.get("styleId", ""): style for style in root.findall("style")}
        standard = (name for name, style in self._styles.items() if style.get("default", "") in ("1", "true"))
        self._default = next((name for name in standard if self._styles[name].get("type") == "paragraph"), "")
        self._looks: dict[str, Look] = {}

    def heading(self, properties: Element) -> int:
        """The level of a heading from 1 to 6, 0 for any other paragraph."""
        for source in self._chain(properties, setting(properties, "pStyle")):
            level = setting(_own(source, "pPr"), "outlineLvl")
            named = _HEADING.fullmatch(setting(source, "name")) if source.tag == "style" else None
            if named or (level.isdigit() and int(level) < 9):
                return min(int(named[1]) if named else int(level) + 1, 6)
        return 0

    def numbering(self, properties: Element) -> tuple[str, str, str]:
        """The list that a paragraph belongs to, its depth there, and the style that names it; "" for what is none."""
        identity = level = style = ""
        for source in self._chain(properties, setting(properties, "pStyle")):
            mark = child(_own(source, "pPr"), "numPr")
            identity = identity or setting(mark, "numId")
            level = level or setting(mark, "ilvl")
            style = style or source.get("styleId", "")
        return identity, level, style

    def look(self, properties: Element, base: Look) -> Look:
        """The look of a run, by itself or by its style, in a paragraph that looks like `base`."""
        if properties is ABSENT:
            return base
        if style := setting(properties, "rStyle"):
            own = self.style_look(style)  # which switches off what the style of the paragraph switches on
            hidden, struck = base.hidden != own.hidden, base.struck != own.struck
            base = Look(hidden, own.raised or base.raised, struck, own.font or base.font)
        return _look(properties, base)

    def style_look(self, name: str) -> Look:
        """The look of a style, "" for that of paragraphs without one."""
        if name not in self._looks:
            look = _PLAIN
            for style in reversed([*self._chain(ABSENT, name or self._default)][1:]):
                look = _look(child(style, "rPr"), look)
            self._looks[name] = look
        return self._looks[name]

    def _chain(self, properties: Element, name: str) -> Iterator[Element]:
        """Where a setting may stand: the paragraph itself, its style, and the styles below that one."""
        yield properties
        seen: set[str] = set()
        while name in self._styles and name not in seen:
            seen.add(name)
            yield self._styles[name]
            name = setting(self._styles[name], "basedOn")


class _Lists:
    """The lists of one document: which numbers their paragraphs have, counted as they go by."""

    def __init__(self, root: Element) -> None:
        kinds = {node.get("abstractNumId", ""): node for node in root.findall("abstractNum")}
        styles = {setting(node, "styleLink"): node for node in kinds.values() if has(node, "styleLink")}
        self._uses = {node.get("numId", ""): node for node in root.findall("num")}
        self._starts = {name: _overrides(node) for name, node in self._uses.items()}
        self._levels: dict[str, dict[int, Level]] = {}
        self._places: dict[tuple[str, str], int] = {}  # (list, style of its paragraphs) -> depth
        self._counts: defaultdict[str, dict[int, int]] = defaultdict(dict)  # by the kind that several lists share
        for name, use in self._uses.items():
            kind = kinds.get(setting(use, "abstractNumId"), ABSENT)
            levels = styles.get(setting(kind, "numStyleLink"), kind).findall("lvl") + use.findall("lvlOverride/lvl")
            self._levels[name] = dict(map(_level, levels))
            self._places |= {(name, setting(node, "pStyle")): number(node, "ilvl", 0) for node in levels}

    def mark(self, identity: str, level: str, style: str) -> str:
        """What stands in front of the next paragraph of this list, with a space after it; "" outside lists."""
        if identity not in self._uses:
            return ""
        depth = int(level) if level.isdigit() else self._places.get((identity, style), 0)
        counts = self._counts[setting(self._uses[identity], "abstractNumId")]
        return label(self._levels[identity], depth, counts, self._starts[identity].pop(depth, None))


def _look(properties: Element, look: Look) -> Look:
    """A look with the settings of one place, which go before those of its styles."""
    for node in properties:
        match node.tag:
            case "vanish":
                look = look._replace(hidden=node.get("val", "") not in _OFF)
            case "vertAlign":
                look = look._replace(raised=_RAISED.get(node.get("val", ""), 0))
            case "position":
                height = node.get("val", "")
                look = look._replace(raised=int(height) if height.lstrip("-").isdigit() else 0)
            case "rFonts" if font := node.get("ascii", "") or node.get("hAnsi", ""):
                look = look._replace(font=font)
    lines = [node.get("val", "") not in _OFF for node in properties if node.tag in ("strike", "dstrike")]
    return look._replace(struck=any(lines)) if lines else look


def _own(source: Element, name: str) -> Element:
    """The settings of a paragraph, be they its own or those of a style."""
    return child(source, name) if source.tag == "style" else source


def _level(node: Element) -> tuple[int, Level]:
    """The depth of a level, and how its paragraphs are numbered."""
    start, form = number(child(node, "start"), "val", 1), _FORMS.get(setting(node, "numFmt"), "1")
    restarts = number(child(node, "lvlRestart"), "val", 9)
    level = Level(start, form, setting(node, "lvlText"), legal=_is_on(node, "isLgl"), restarts=restarts)
    return number(node, "ilvl", 0), level


def _overrides(node: Element) -> dict[int, int]:
    found = {}
    for override in node.findall("lvlOverride"):
        depth = override.get("ilvl", "")
        if depth.isdigit() and has(override, "startOverride"):
            found[int(depth)] = number(child(override, "startOverride"), "val", 1)
    return found


def _parts(parent: Element, name: str) -> Iterator[Element]:
    """The rows of a table or the cells of a row, also inside content controls and tracked insertions."""
    for element in parent:
        if element.tag == name:
            yield element
        elif element.tag in ("sdt", "sdtContent", "ins", "customXml", "smartTag"):
            yield from _parts(element, name)


def _is_on(properties: Element, name: str) -> bool:
    """Whether a switch is there and not turned off."""
    return has(properties, name) and setting(properties, name) not in _OFF


def _runs_on(properties: Element) -> bool:
    """Whether a paragraph is part of the next one: its mark is deleted, or it is a first letter that is set large."""
    dropped = child(properties, "framePr").get("dropCap", "none") != "none"
    return dropped or child(properties, "rPr", "del") is not ABSENT


def _chosen(node: Element) -> str:
    """Whether a box of a form is ticked, or what is chosen of a list."""
    match node.tag:
        case "checkBox":
            return "☒" if _is_on(node, "checked" if has(node, "checked") else "default") else "☐"
        case "ddList":
            entries = [entry.get("val", "") for entry in node.findall("listEntry")]
            chosen = number(child(node, "result"), "val", number(child(node, "default"), "val", 0))
            return entries[chosen] if chosen < len(entries) else ""
    return ""
