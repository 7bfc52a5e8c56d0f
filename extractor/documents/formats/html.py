"""HTML to text, by Lexbor: blocks as paragraphs, headings and lists marked, tables as rows, no scripts, no styles.

Marks that a reader sees are written out: `10^6`, `~~struck~~`, `[x]`, and the address of a link behind its words.
"""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from functools import lru_cache
from urllib.parse import unquote, unquote_to_bytes, urlsplit
from xml.etree.ElementTree import TreeBuilder

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from extractor.documents.embedded import Embedded
from extractor.documents.equations import equation
from extractor.documents.links import with_target
from extractor.documents.numerals import numeral
from extractor.documents.parsed import Parsed
from extractor.documents.scripts import Look, visible, written
from extractor.documents.source import Source
from extractor.documents.tables import TableWriter
from extractor.documents.text import Decoded, decode
from extractor.errors import DocumentError

__all__ = ["Flow", "decode_html", "html_parts", "parse"]

_CHARSET = re.compile(rb"""(?:charset|<\?xml[^>]*\sencoding)\s*=\s*["']?\s*([\w.:-]+)""", re.I)
_EMPTY = re.compile(r"""<([A-Za-z][\w:-]*)((?:\s(?:[^<>"']|"[^"<]*"|'[^'<]*')*)?)/>""")
_VOID = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
)
_CONTROLS = bytes({*range(1, 9), *range(11, 32), 127} - {12, 13, 27})  # browsers pass over them
_HIDDEN = re.compile(r"display\s*:\s*none|visibility\s*:\s*(?:hidden|collapse)", re.I)
_IN_SIGHT = re.compile(r"display|visibility", re.I)  # properties by which a rule shows or hides
_TELLING = re.compile(
    "display|float|position|visibility|vertical-align|line-through|list-style|white-space|symbol|dings", re.I
)
_BLOCK = re.compile(r"display\s*:\s*(?:block|flex|flow-root|grid|list-item|table(?!-c))", re.I)
_BOX = re.compile(
    r"(?:display\s*:\s*(?:inline-|table-cell)|float\s*:\s*(?:left|right)|position\s*:\s*(?:absolute|fixed))", re.I
)
_ROW = re.compile(r"display\s*:\s*(?:inline-)?(?:flex|grid)", re.I)  # whose children are boxes side by side
_BOXES = frozenset({"button", "object", "output", "select", "textarea", "video"})
_POINT = re.compile(r"[,.;:!?)%\s]")  # needs no space before it
_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_NO_RULE = re.compile(r"<!--|-->|/\*.*?\*/|@[\w-]+[^{};]*(?:;|\{(?:[^{}]*\{[^{}]*\})*[^{}]*\})", re.S)
_NEVER = (
    "annotation, annotation-xml, canvas, datalist, desc, head, iframe, metadata, noscript, script, style, template, "
    "title, [hidden], dialog:not([open])"
)
_TWINS = ":has(> math) + [aria-hidden=true]"  # what an equation looks like, beside the equation
_LINES = frozenset(
    {"br", "caption", "dd", "div", "dt", "figcaption", "legend", "li", "option", "summary", "text", "tr"}
)
_PARAGRAPHS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "center", "details", "dialog", "dir", "dl", "fieldset"}
    | {"figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup", "hr", "listing", "main"}
    | {"menu", "nav", "ol", "optgroup", "p", "pre", "search", "section", "svg", "table", "ul", "xmp"}
)
_MARKS = {f"h{level}": "#" * level + " " for level in range(1, 7)} | {"li": "- ", "dd": "  "}
_PREFORMATTED = frozenset({"pre", "textarea", "xmp"})
_AS_TYPED = re.compile(r"white-space\s*:\s*(pre\b|break-spaces)", re.I)
_AROUND = frozenset({"aside", "footer", "nav"})
_LOOKS = {
    **dict.fromkeys(("del", "s", "strike"), Look(struck=True)),
    **{"sup": Look(raised=1), "sub": Look(raised=-1)},
}
_STYLED = frozenset({"b", "div", "em", "font", "i", "p", "span", "strong", "u"})  # elements that style their text
_RAISED = re.compile(r"vertical-align\s*:\s*(super|sub)\b", re.I)
_LINE = re.compile(r"text-decoration[\w-]*\s*:[^;]*line-through", re.I)
_FONT = re.compile(r"font-family\s*:\s*[\"']?([\w -]+)", re.I)
_SPAN_LIMIT = 100
_INTEGER = re.compile(r"\s*-?\d{1,9}\s*", re.A)
_WHITE = " \t\r\n\f\v\xa0"
_SPACES = re.compile(f"[{_WHITE}]+")
_ADDRESS = re.compile(r"(?:https?://[\w.-]+(?:[:/?#]|$)|mailto:|tel:)\S*$", re.I)
_LONGEST = 300  # characters of an address: longer ones track, and tell a reader nothing
_DATA = re.compile(r"data:([\w.+-]+/[\w.+-]+)((?:;[^,;]*)*),", re.I)
_DRAWN = 4_096  # bytes: smaller pictures within a page are bullets, icons and spacers
_HOLDERS = "img, image, a[href^='data:'], embed[src^='data:'], iframe[src^='data:'], object[data^='data:']"
_LIST_STYLE = re.compile(
    r"list-style(?:-type)?\s*:[^;]*?\b(none|(?:lower|upper)-(?:alpha|latin|roman)|decimal\b[\w-]*)", re.I
)
_FORMS = {
    **{"lower-alpha": "a", "upper-alpha": "A", "lower-latin": "a", "upper-latin": "A", "none": "none"},
    **{"lower-roman": "i", "upper-roman": "I", "decimal-leading-zero": "01"},
}


def parse(data: bytes, source: Source) -> Parsed:
    """The text that a reader of the page would see, in its order; pictures that are part of the file."""
    html, encoding, guess = decode_html(data)
    page = html_parts(html)
    title, text = page.metadata.get("title", ""), page.text
    if title not in text[: 3 * len(title)]:
        text = f"{title}\n\n{text}"
    unread = (guess, *page.unread) if guess else page.unread
    return replace(page, text=text, unread=unread, metadata={"encoding": encoding, **page.metadata})


def decode_html(data: bytes) -> Decoded:
    """The markup as text, by the charset that it declares where that holds."""
    match = _CHARSET.search(data[:4096])
    declared = match[1].decode("ascii", "replace") if match else None
    if declared and declared.lower().startswith("utf-16"):
        declared = "utf-8"  # what is read so far is ASCII
    try:
        decoded = decode(data, declared=declared)
    except DocumentError:
        decoded = decode(data.translate(None, _CONTROLS), declared=declared)
    if not decoded.text[:100].lstrip().startswith("<?xml"):
        return decoded
    return decoded._replace(text=_EMPTY.sub(_opened_and_closed, decoded.text))


def _opened_and_closed(tag: re.Match[str]) -> str:
    """An empty element of XML as HTML has it, where `<title/>` would take in all that follows."""
    return tag[0] if tag[1].lower() in _VOID else f"<{tag[1]}{tag[2]}></{tag[1]}>"


def html_parts(html: str) -> Parsed:
    """The text that a reader of `html` would see, its title, and the pictures and files within, still to be read."""
    tree = _parsed(html)
    title = tree.css_first("head > title")
    words = " ".join(title.text().split()) if title is not None else ""
    embedded = Embedded()
    for name, is_picture, content in _files(tree):
        if isinstance(content, str):
            embedded.missing(f"{name}: {content}")
        elif is_picture:
            embedded.picture(content, name.removeprefix("picture "))
        else:
            embedded.file(content, name)
    return embedded.parsed(_Page().read(tree), metadata={"title": words} if words else {})


def _parsed(html: str) -> LexborHTMLParser:
    """The tree of a page, with the pages that stand in its frames."""
    tree = LexborHTMLParser(html)
    for frame in tree.css("iframe[srcdoc]"):
        if (inner := LexborHTMLParser(frame.attributes["srcdoc"] or "").body) is not None:
            frame.replace_with(inner)
    for foot in reversed(tree.css("tfoot")):  # shown below the rows, wherever it stands; those within it go first
        if foot.parent is not None and (last := foot.parent.last_child) is not None and last.mem_id != foot.mem_id:
            last.insert_after(foot)  # a copy
            foot.decompose()
    return tree


def _files(tree: LexborHTMLParser) -> Iterator[tuple[str, bool, bytes | str]]:
    """What stands in `data:` addresses of the page: its name, whether it is a picture, and its bytes, or why not."""
    for number, node in enumerate(tree.css(_HOLDERS), 1):
        attributes = node.attributes
        address = next(filter(None, map(attributes.get, ("src", "href", "xlink:href", "data"))), None) or ""
        if (node.tag in ("img", "image") and len(address) < _DRAWN) or not (match := _DATA.match(address)):
            continue
        if "hidden" in attributes or _HIDDEN.search(attributes.get("style") or ""):
            continue
        is_picture, body = match[1].lower().startswith("image/"), address[match.end() :]
        name = attributes.get("download") or f"{'picture' if is_picture else 'file'} {number} of the page"
        try:
            yield name, is_picture, b64decode(unquote(body)) if "base64" in match[2].lower() else unquote_to_bytes(body)
        except ValueError as error:
            yield name, is_picture, str(error)


def _host(tree: LexborHTMLParser) -> str:
    """The site that the page says it is from."""
    node = tree.css_first('base[href], link[rel="canonical"]')
    try:
        return urlsplit(node.attributes.get("href") or "").hostname or "" if node is not None else ""
    except ValueError:
        return ""


class _Page:
    """A walk over the elements of a page; a cell of a table is a page within the page."""

    def __init__(self) -> None:
        self._flows = [Flow()]
        self._tables: list[TableWriter] = []
        self._lists: list[_Numbers | None] = []  # None: a list without numbers
        self._fonts: list[str] = []
        self._verbatim = 0
        self._math: TreeBuilder | None = None
        self._around = 0  # elements around here that hold menus
        self._addresses: set[str] = set()
        self._host = ""

    def read(self, tree: LexborHTMLParser) -> str:
        """The text of the whole tree."""
        self._host = _host(tree)
        hidden, styles = _styles(tree)
        if tree.root is not None:
            for node, opens in _walk(tree.root, hidden):
                if node.is_text_node:
                    self._put(node.text_content or "")
                else:
                    (self._open if opens else self._close)(node, node.tag or "", styles.get(node.mem_id, ""))
        return self._flows[0].text()

    def _put(self, text: str) -> None:
        if self._math is not None:
            self._math.data(text)
            return
        if self._fonts:
            text = Look(font=self._fonts[-1]).apply(text)
        flow = self._flows[-1]
        (flow.put_verbatim if self._verbatim else flow.put)(text)

    def _open(self, node: LexborNode, tag: str, style: str) -> None:
        if tag == "math" or self._math is not None:
            self._math = self._math or TreeBuilder()
            self._math.start(tag, {name: text or "" for name, text in node.attributes.items()})
            return
        self._end_block(node, tag, style)
        self._verbatim += _is_verbatim(tag, style)
        if tag in ("ul", "ol"):
            self._lists.append(_Numbers(node, style) if tag == "ol" else None)
        elif tag == "table":
            self._tables.append(TableWriter())
        elif tag == "tr" and self._tables:
            self._tables[-1].row()
        elif tag in ("td", "th") and self._tables:
            self._flows.append(Flow())
        elif tag == "tspan" and {"x", "y", "dy"} & node.attributes.keys():
            self._flows[-1].end_line()
        elif look := _look(tag, style):
            self._fonts += [look.font] * bool(look.font)
            self._flows[-1].put_verbatim("~~" * look.struck)
            if look.raised:
                self._flows.append(Flow())
        else:
            self._around += tag in _AROUND
            self._put_mark(node, tag, style)

    def _close(self, node: LexborNode, tag: str, style: str) -> None:
        if self._math is not None:
            root = self._math.end(tag)
            if tag == "math":
                self._math = None
                self._put(("" if self._flows[-1].last().isspace() else " ") + equation(root))
            return
        self._verbatim -= _is_verbatim(tag, style)
        if tag in ("ul", "ol"):
            self._lists.pop()
        elif tag == "table":
            self._flows[-1].put_verbatim(self._tables.pop().text())
        elif tag in ("td", "th") and self._tables:
            self._close_cell(node, tag)
        elif look := _look(tag, style):
            if look.raised:
                self._put_raised(node, look, self._flows.pop().text())
            self._flows[-1].put_verbatim("~~" * look.struck)
            del self._fonts[len(self._fonts) - bool(look.font) :]
        elif tag == "a":
            self._put_address(node)
        elif tag in _AROUND:
            self._around -= 1
        elif tag in _MARKS:
            self._flows[-1].mark("")
        self._end_block(node, tag, style, closes=True)

    def _close_cell(self, node: LexborNode, tag: str) -> None:
        text = self._flows.pop().text()
        attributes = node.attributes
        rows = _integer(attributes, "rowspan", 1) or _SPAN_LIMIT  # 0: all rows below
        columns, rows = (min(max(span, 1), _SPAN_LIMIT) for span in (_integer(attributes, "colspan", 1), rows))
        self._tables[-1].cell(text, columns=columns, rows=rows, heading=tag == "th")

    def _put_raised(self, node: LexborNode, look: Look, text: str) -> None:
        flow = self._flows[-1]
        after = node.next.text_content or "" if node.next is not None and node.next.is_text_node else ""
        if look.raised > 0 and (after.startswith("\u2044") or after.strip() == "/"):
            flow.put_verbatim(f" {text}" if flow.last().isdigit() else text)  # the upper half of a fraction
        else:
            flow.put_verbatim(Look(raised=look.raised).apply(text))

    def _put_address(self, node: LexborNode) -> None:
        """Where a link leads to, once, if that is outside of the page's own site and its menus, and is not shown."""
        words, target = (node.text() or "").strip(), (node.attributes.get("href") or "").strip()
        if self._around or target in self._addresses or len(target) > _LONGEST or not _ADDRESS.match(target):
            return
        if not self._host or urlsplit(target).hostname != self._host:
            self._addresses.add(target)
            self._put(with_target(words, target)[len(words) :])

    def _end_block(self, node: LexborNode, tag: str, style: str, *, closes: bool = False) -> None:
        if tag in _LINES or (self._lists and tag in ("ol", "p", "ul")):
            self._flows[-1].end_line()
        elif tag in _PARAGRAPHS:
            self._flows[-1].end_paragraph()
        elif tag in _BOXES or style:
            apart = _apart(tag, style)
            if apart == "\n":
                self._flows[-1].end_line()
            elif apart and not (_is_in_word(node) if closes else _POINT.match(node.text())):
                self._flows[-1].put(apart)

    def _put_mark(self, node: LexborNode, tag: str, style: str) -> None:
        """What an element says by being there: a heading's level, an item's number, a field's value."""
        if tag == "li" and self._lists and self._lists[-1] is not None:
            self._flows[-1].mark(self._lists[-1].next(node, style))
        elif tag in _MARKS:
            self._flows[-1].mark(_MARKS[tag])
        elif tag == "img":
            self._put(f" {node.attributes.get('alt') or ''} ")
        elif tag == "input":
            self._put(_field(node.attributes))
        elif tag in ("meter", "progress") and not node.text():
            self._put(f" {node.attributes.get('value') or ''} ")
        elif tag == "option" and "selected" in node.attributes:
            self._flows[-1].mark("[x] ")


class Flow:
    """A page being written. White space collapses as it does in a browser, unless it is put in verbatim."""

    __slots__ = ("_mark", "_parts", "_pending", "_spaced")

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._pending = 0  # line ends due before the next piece
        self._spaced = True  # whether the last piece ended in white space
        self._mark = ""

    def put(self, text: str) -> None:
        """Running text: any white space is one space."""
        if not text.isprintable() or "  " in text:
            text = _SPACES.sub(" ", visible(text))
        if not text or text == " ":
            if text and not self._pending and not self._spaced:
                self._parts.append(" ")
                self._spaced = True
            return
        if self._break() or self._spaced:
            text = text.lstrip(" ")
        self._parts.append(self._take_mark() + text)
        self._spaced = text.endswith(" ")

    def put_verbatim(self, text: str) -> None:
        """Text whose white space counts."""
        if text:
            self._break()
            self._parts.append(self._take_mark() + text)
            self._spaced = text[-1].isspace()

    def mark(self, text: str) -> None:
        """What stands in front of the next text, if there is any before the next mark."""
        self._mark = text

    def end_line(self) -> None:
        """What follows begins on a new line."""
        self._pending = max(self._pending, 1)

    def end_paragraph(self) -> None:
        """What follows begins after a blank line."""
        self._pending = 2

    def last(self) -> str:
        """The character that the next piece would stand beside, "" at the beginning of a line."""
        return "" if self._pending or not self._parts else self._parts[-1][-1:]

    def text(self) -> str:
        """What was written so far."""
        return written("".join(self._parts)).strip()

    def _take_mark(self) -> str:
        mark, self._mark = self._mark, ""
        return mark

    def _break(self) -> bool:
        due, self._pending = self._pending, 0
        if not due or not self._parts:
            return False
        if self._spaced and self._parts[-1].endswith(" "):
            self._parts[-1] = self._parts[-1].rstrip(" ")
        self._parts.append("\n" * due)
        return True


class _Numbers:
    """The numbers of a list's items, as the list writes them."""

    def __init__(self, node: LexborNode, style: str) -> None:
        attributes = node.attributes
        self._step = -1 if "reversed" in attributes else 1
        first = sum(child.tag == "li" for child in node.iter()) if self._step < 0 else 1
        self._number, self._form = _integer(attributes, "start", first), _form(style) or attributes.get("type") or "1"

    def next(self, item: LexborNode, style: str) -> str:
        """What stands in front of the next item, which may state its number and its form."""
        number = _integer(item.attributes, "value", self._number)
        self._number = number + self._step
        form = _form(style) or self._form
        return "" if form == "none" else f"{numeral(number, form) if number > 0 else number}. "


def _form(style: str) -> str:
    """The form of the numbers of a list that a style tells, "" where it tells none."""
    forms = _LIST_STYLE.findall(style)
    return _FORMS.get(forms[-1].lower(), "1") if forms else ""


def _styles(tree: LexborHTMLParser) -> tuple[set[int], dict[int, str]]:
    """The elements that nobody sees on a screen; how others look by the style sheets within the page, or themselves.

    An element that a rule hides is seen where another rule or its own style shows it.
    """
    styles: dict[int, str] = {}
    hidden: set[int] = set()
    revealed: set[int] = set()
    for sheet in tree.css("style:not([media])"):
        for selector, body in _RULE.findall(_NO_RULE.sub("", sheet.text())):
            if ":" in selector or not _matters(body):
                continue
            nodes = _matched(tree, selector)
            if _IN_SIGHT.search(body):
                (hidden if _HIDDEN.search(body) else revealed).update(node.mem_id for node in nodes)
            _add(styles, nodes, body)
    hidden -= revealed
    for node in tree.css("[style], font[face]"):
        attributes, identity = node.attributes, node.mem_id
        own = f"{attributes.get('style') or ''};font-family: {attributes.get('face') or ''}"
        if not _matters(own):
            continue
        if _IN_SIGHT.search(own):
            (hidden.add if _HIDDEN.search(own) else hidden.discard)(identity)
        _add(styles, [node], own)
    return hidden | {node.mem_id for never in (_NEVER, _TWINS) for node in _matched(tree, never)}, styles


def _add(styles: dict[int, str], nodes: list[LexborNode], style: str) -> None:
    """A style for these elements; in a flexible box and a grid their children are boxes, whatever they are else."""
    for node in nodes:
        styles[node.mem_id] = f"{styles.get(node.mem_id, '')};{style}"
    if _ROW.search(style):
        _add(styles, [child for node in nodes for child in node.iter()], "display:table-cell")


@lru_cache(maxsize=1024)
def _apart(tag: str, style: str) -> str:
    """What stands between an element and the text beside it: nothing for a part of a line, unless it is a box."""
    if tag in ("caption", "td", "th"):
        return ""
    return " " if tag in _BOXES or _BOX.search(style) else "\n" if _BLOCK.search(style) else ""


def _is_in_word(box: LexborNode) -> bool:
    """Whether what follows a box belongs to its last word: punctuation, or the rest of a drop cap."""
    after = box.next
    if after is None or after.tag in ("script", "style"):
        return False
    initial, text = box.text().strip(), after.text()
    is_first = after.is_text_node and len(initial) == 1 and initial.isupper() and text[:1].islower()
    return is_first or _POINT.match(text) is not None


@lru_cache(maxsize=1024)
def _matters(style: str) -> bool:
    """Whether a style says anything that changes what a text says: most are colours and lengths."""
    return _TELLING.search(style) is not None


def _matched(tree: LexborHTMLParser, selector: str) -> list[LexborNode]:
    with suppress(SelectolaxError):
        return tree.css(selector.strip())
    return []


def _walk(root: LexborNode, hidden: set[int]) -> Iterator[tuple[LexborNode, bool]]:
    """Every element as it opens and as it closes, and every text between, without recursion."""
    path: list[LexborNode] = []
    node: LexborNode | None = root
    while node is not None or path:
        if node is None:
            node = path.pop()
            yield node, False
            node = node.next if path else None
        elif node.is_element_node and node.mem_id not in hidden:
            yield node, True
            path.append(node)
            node = node.first_child
        else:
            if node.is_text_node:
                yield node, True
            node = node.next


@lru_cache(maxsize=1024)
def _is_verbatim(tag: str, style: str) -> bool:
    """Whether the line ends and spaces of an element's text are those of the page."""
    return tag in _PREFORMATTED or (bool(style) and _AS_TYPED.search(style) is not None)


@lru_cache(maxsize=1024)
def _look(tag: str, style: str) -> Look | None:
    """The look that an element gives its text, by its kind or by its style; None for most."""
    if tag not in _STYLED:
        return _LOOKS.get(tag)
    if not style:
        return None
    raised, font = _RAISED.search(style), _FONT.search(style)
    height = {"super": 1, "sub": -1}[raised[1].lower()] if raised else 0
    return Look(raised=height, struck=bool(_LINE.search(style)), font=font[1] if font else "")


def _field(attributes: dict[str, str | None]) -> str:
    """What a form field shows: its value, or whether it is ticked."""
    kind = (attributes.get("type") or "text").lower()
    if kind in ("checkbox", "radio"):
        return " [x] " if "checked" in attributes else " [ ] "
    if kind in ("hidden", "image", "password", "reset", "submit", "button", "file"):
        return ""
    return f" {attributes.get('value') or ''} "


def _integer(attributes: dict[str, str | None], name: str, default: int) -> int:
    value = attributes.get(name)
    return int(value) if value and _INTEGER.fullmatch(value) else default
