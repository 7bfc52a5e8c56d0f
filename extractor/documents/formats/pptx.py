"""PowerPoint (PPTX): each slide a page, shapes from top to bottom, then notes and comments."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from extractor.documents.archive import Archive, open_archive
from extractor.documents.elements import child, has, number, properties
from extractor.documents.embedded import Embedded
from extractor.documents.equations import equation
from extractor.documents.links import with_target
from extractor.documents.numerals import Level, label
from extractor.documents.parsed import Parsed, paginate
from extractor.documents.scripts import Look, apart_from_numbers, from_symbol_font, written
from extractor.documents.source import Source
from extractor.documents.tables import TableWriter

__all__ = ["parse"]

_SHAPES = frozenset({"sp", "graphicFrame", "cxnSp", "pic", "contentPart"})
_MEDIA = {
    "videoFile": "a film",
    **dict.fromkeys(("audioFile", "wavAudioFile"), "a recording"),
    "media": "a film or recording",
}
_UNSEEN = frozenset({"nvSpPr", "nvPicPr", "nvGraphicFramePr", "spPr", "style", "extLst", "bodyPr", "lstStyle", "xfrm"})
_BAND = 228_600  # a quarter inch: shapes side by side read from left to right
_WIDEST = 100
_BULLETS = ("buAutoNum", "buBlip", "buChar", "buNone")
_FORMS = {"alphaLc": "a", "alphaUc": "A", "romanLc": "i", "romanUc": "I"}

Place = tuple[int, int]


def parse(data: bytes, source: Source) -> Parsed:
    """The slides in the order they are shown; hidden ones say so."""
    archive = open_archive(data, source.limits)
    embedded = Embedded(archive)
    behind: set[str] = set()
    slides = [_Slide(archive, name, embedded, page).text(behind) for page, name in enumerate(_slides(archive), 1)]
    text, pages = paginate(slides)
    return embedded.parsed(text, pages, {"pages": len(pages), **properties(archive.xml("docProps/core.xml"))})


def _slides(archive: Archive) -> Iterator[str]:
    relations = archive.relations(archive.main)
    for element in archive.root.iter("sldId"):
        names = {relations[name] for name in element.attrib.values() if name in relations}
        yield from (target for kind, target in names if kind == "slide")


class _Slide:
    """One slide, or the notes under it."""

    def __init__(self, archive: Archive, name: str, embedded: Embedded, page: int) -> None:
        self._archive, self._embedded, self._page = archive, embedded, page
        self._where = f"slide {page}: "
        if name not in archive:
            embedded.missing(f"{name}: it is not in the file")
        self._root = archive.xml(name)
        self._relations = archive.relations(name)
        self._but = ""  # the kind of placeholders that are left out

    def text(self, behind: set[str]) -> str:
        """Its shapes as the eye meets them, what is drawn on it, its notes and comments.

        What layouts and masters put on slides follows the first slide that has it; `behind` are those read so far.
        """
        blocks = ["(hidden slide)"] if self._root.get("show", "") in ("0", "false") else []
        blocks += self.shapes()
        for kind, target in self._relations.values():
            if kind == "notesSlide":
                notes = _Slide(self._archive, target, self._embedded, self._page).shapes(but="sldNum")
                blocks += [f"Notes: {text}" for text in notes]
            elif kind in ("comments", "comment"):
                blocks += [f"Comment: {text}" for text in _comments(self._archive.xml(target))]
            elif kind == "slideLayout":
                blocks += self._behind(target, behind)
        return "\n\n".join(filter(None, blocks))

    def shapes(self, but: str = "") -> list[str]:
        """The texts of the shapes, but for placeholders of one kind; those without a place (titles) first."""
        self._but = but
        found = sorted(self._texts(self._root, (0, 0)), key=lambda shape: shape[0])
        return [text for _, text in found]

    def _texts(self, parent: Element, place: Place) -> Iterator[tuple[Place, str]]:
        for element in parent:
            match element.tag:
                case name if name in _SHAPES:
                    if _is_hidden(element):
                        continue
                    if text := self._shape(element):
                        yield _place(element) or place, text
                case "grpSp":
                    yield from self._texts(element, _place(element) or place)
                case "blip":
                    self._embedded.drawn(element, self._relations, self._page, self._where)  # of the background
                case _:
                    yield from self._texts(element, place)

    def _shape(self, shape: Element) -> str:
        kind = next((node.get("type", "") for node in shape.iter("ph")), "")
        if kind and kind == self._but:
            return ""
        text = "\n".join(part for part in self._parts(shape) if part.strip())
        for part in shape:
            text = with_target(text, self._link(child(part, "cNvPr", "hlinkClick")))
        return f"# {text}" if kind in ("title", "ctrTitle") and text else text

    def _parts(self, parent: Element) -> Iterator[str]:
        """What a shape holds: text, a table, a chart, a diagram, pictures and files."""
        for element in parent:
            name = element.tag
            if name == "nvPicPr":
                self._media(element)
            elif name in ("txBody", "txbxContent"):
                yield self._lines(element)
            elif name == "tbl":
                yield self._table(element)
            elif name in ("chart", "relIds", "blip"):
                yield self._embedded.drawn(element, self._relations, self._page, self._where)
            elif name == "oleObj" and (target := self._target(element.get("id", ""))) in self._archive:
                self._embedded.target(target, self._page)
            elif name == "oleObj":
                what = f"an object of {element.get('progId', '') or 'an unknown program'}"
                self._embedded.missing(f"{self._where}{what} that is not in the file")
                yield from self._parts(element)
            elif name == "contentPart":
                self._embedded.missing(f"{self._where}a drawing in ink")
            elif name not in _UNSEEN or next(element.iter("blip"), None) is not None:
                yield from self._parts(element)

    def _media(self, properties: Element) -> None:
        for node in properties.iter():
            if node.tag in _MEDIA:
                self._embedded.missing(f"{self._where}{_MEDIA[node.tag]}")
                return

    def _behind(self, name: str, behind: set[str]) -> Iterator[str]:
        """The texts and files of a layout and its master; placeholders are prompts, and pictures are decoration."""
        if name in behind:
            return
        behind.add(name)
        slide = _Slide(self._archive, name, self._embedded, self._page)
        yield from slide.own_texts()
        for kind, target in slide._relations.values():
            if kind in ("package", "oleObject"):
                self._embedded.target(target)
            elif kind == "slideMaster" and slide._root.get("showMasterSp", "") not in ("0", "false"):
                yield from self._behind(target, behind)

    def own_texts(self) -> Iterator[str]:
        """The texts of the shapes that are no placeholders."""
        for shape in self._root.iter("sp"):
            if next(shape.iter("ph"), None) is None and not _is_hidden(shape):
                yield self._lines(child(shape, "txBody"))

    def _target(self, identity: str) -> str:
        return self._relations.get(identity, ("", ""))[1]

    def _table(self, table: Element) -> str:
        built = TableWriter()
        for row in table.findall("tr"):
            built.row()
            for cell in row.findall("tc"):
                wide, deep = number(cell, "gridSpan", 1), number(cell, "rowSpan", 1)
                if not {cell.get("hMerge"), cell.get("vMerge")} & {"1", "true"}:
                    built.cell(self._lines(cell), columns=min(wide, _WIDEST), rows=min(deep, _WIDEST))
        return built.text()

    def _lines(self, parent: Element) -> str:
        """The paragraphs of a body of text, numbered where the slide numbers them."""
        lines = []
        counts: dict[int, int] = {}
        styles = child(parent, "lstStyle")
        for paragraph in parent.iter("p"):
            text = written("".join(self._characters(paragraph))).strip()
            if text:
                lines.append(_label(child(paragraph, "pPr"), styles, counts) + text)
        return "\n".join(lines)

    def _characters(self, paragraph: Element) -> Iterator[str]:
        for element in paragraph:
            match element.tag:
                case "r" | "fld":
                    yield self._run(element)
                case "br":
                    yield "\n"
                case "tab":
                    yield "\t"
                case "t":
                    yield element.text or ""
                case "oMath":
                    yield apart_from_numbers(equation(element))
                case "pPr" | "endParaRPr" | "p":
                    continue
                case _:
                    yield from self._characters(element)

    def _run(self, run: Element) -> str:
        look = child(run, "rPr")
        text = "".join(node.text or "" if node.tag == "t" else "\t" for node in run if node.tag in ("t", "tab"))
        if not len(look) and not {"baseline", "strike"} & look.attrib.keys():
            return text if text.isascii() else from_symbol_font(text)
        font = child(look, "sym" if has(look, "sym") else "latin").get("typeface", "")
        raised = look.get("baseline", "")
        height = int(raised) if raised.lstrip("-").isdigit() else 0
        text = Look(raised=height, struck=look.get("strike", "") in ("sngStrike", "dblStrike"), font=font).apply(text)
        return with_target(text, self._link(child(look, "hlinkClick")))

    def _link(self, link: Element) -> str:
        kind, target = self._relations.get(link.get("id", ""), ("", ""))
        return target if kind == "hyperlink" else ""


def _label(properties: Element, styles: Element, counts: dict[int, int]) -> str:
    """The number in front of a paragraph that the slide numbers by itself, or by the style of its shape."""
    depth = number(properties, "lvl", 0)
    if not any(node.tag in _BULLETS for node in properties):
        properties = child(styles, f"lvl{depth + 1}pPr")
    scheme = child(properties, "buAutoNum")
    kind = scheme.get("type", "")
    if not kind:
        for deeper in [other for other in counts if other >= depth]:
            del counts[deeper]
        return ""
    form = next((form for name, form in _FORMS.items() if kind.startswith(name)), "1")
    place = f"%{depth + 1}"
    text = f"({place})" if kind.endswith("ParenBoth") else f"{place})" if kind.endswith("ParenR") else f"{place}."
    return label({depth: Level(number(scheme, "startAt", 1), form, text)}, depth, counts)


def _is_hidden(shape: Element) -> bool:
    return any(node.tag == "cNvPr" and node.get("hidden", "") in ("1", "true") for part in shape for node in part)


def _place(shape: Element) -> Place | None:
    """Top and left, the top in bands so that shapes side by side read from left to right."""
    for element in shape.iter("off"):
        top, left = element.get("y", "0"), element.get("x", "0")
        return (int(top) // _BAND, int(left)) if top.lstrip("-").isdigit() and left.lstrip("-").isdigit() else None
    return None


def _comments(root: Element) -> Iterator[str]:
    for element in root.iter():
        if element.tag in ("cm", "reply"):
            own = (node for part in element if part.tag in ("text", "txBody", "t") for node in part.iter())
            text = " ".join(" ".join(node.text or "" for node in own if node.tag in ("text", "t")).split())
            if text:
                yield text
