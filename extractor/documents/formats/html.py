"""HTML to text, by Lexbor: blocks as paragraphs, headings and lists marked, tables as rows, no scripts, no styles."""

from __future__ import annotations

import re
from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from extractor.documents.flow import Flow, Table
from extractor.documents.parsed import Parsed
from extractor.documents.source import Source
from extractor.documents.text import Decoded, decode
from extractor.errors import DocumentError

__all__ = ["decode_html", "html_text", "parse"]

_CHARSET = re.compile(rb"""charset\s*=\s*["']?\s*([\w.:-]+)""", re.I)
_CONTROLS = bytes({*range(1, 9), *range(11, 32), 127} - {12, 13, 27})  # browsers pass over them
_HIDDEN = re.compile(r"display\s*:\s*none", re.I)
_SILENT = frozenset({"canvas", "head", "iframe", "noscript", "object", "script", "style", "svg", "template"})
_LINES = frozenset({"caption", "dd", "div", "dt", "figcaption", "legend", "li", "option", "summary", "tr"})
_PARAGRAPHS = frozenset(
    {"address", "article", "aside", "blockquote", "body", "details", "dl", "fieldset", "figure", "footer", "form", "h1"}
    | {"h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol", "p", "pre", "section", "table", "ul"}
)
_MARKS = {f"h{level}": "#" * level + " " for level in range(1, 7)} | {"li": "- ", "dd": "  "}
_PREFORMATTED = frozenset({"pre", "textarea", "xmp"})
_SPAN_LIMIT = 100


def parse(data: bytes, source: Source) -> Parsed:
    """The text that a reader of the page would see, in its order."""
    html, encoding = decode_html(data)
    tree = LexborHTMLParser(html)
    text = _Page().read(tree)
    title = _title(tree)
    if not title:
        return Parsed(text, metadata={"encoding": encoding})
    told = title in text[: 3 * len(title)]
    return Parsed(text if told else f"{title}\n\n{text}", metadata={"encoding": encoding, "title": title})


def decode_html(data: bytes) -> Decoded:
    """The markup as text, by the charset that it declares where that holds."""
    match = _CHARSET.search(data[:4096])
    declared = match[1].decode("ascii") if match else None
    try:
        return decode(data, declared=declared)
    except DocumentError:
        return decode(data.translate(None, _CONTROLS), declared=declared)


def html_text(html: str) -> str:
    """The text that a reader of `html` would see."""
    return _Page().read(LexborHTMLParser(html))


def _title(tree: LexborHTMLParser) -> str:
    node = tree.css_first("title")
    return " ".join(node.text().split()) if node is not None else ""


class _Page:
    """A walk over the elements of a page; a cell of a table is a page within the page."""

    def __init__(self) -> None:
        self._flows = [Flow()]
        self._tables: list[Table] = []
        self._lists: list[int | None] = []  # the number of the item to come, None in a list without numbers
        self._verbatim = 0

    def read(self, tree: LexborHTMLParser) -> str:
        """The text of the whole tree."""
        if tree.root is not None:
            for node, opens in _walk(tree.root):
                if node.is_text_node:
                    self._put(node.text_content or "")
                elif opens:
                    self._open(node, node.tag or "")
                else:
                    self._close(node, node.tag or "")
        return self._flows[0].text()

    def _put(self, text: str) -> None:
        flow = self._flows[-1]
        (flow.put_verbatim if self._verbatim else flow.put)(text)

    def _open(self, node: LexborNode, tag: str) -> None:
        self._end_block(tag)
        if tag in _PREFORMATTED:
            self._verbatim += 1
        elif tag in ("ul", "ol"):
            self._lists.append(_number(node, "start", 1) if tag == "ol" else None)
        elif tag == "table":
            self._tables.append(Table())
        elif tag == "tr" and self._tables:
            self._tables[-1].row()
        elif tag in ("td", "th") and self._tables:
            self._flows.append(Flow())
        else:
            self._put_mark(node, tag)

    def _close(self, node: LexborNode, tag: str) -> None:
        if tag in _PREFORMATTED:
            self._verbatim -= 1
        elif tag in ("ul", "ol"):
            self._lists.pop()
        elif tag == "table":
            self._flows[-1].put_verbatim(self._tables.pop().text())
        elif tag in ("td", "th") and self._tables:
            self._close_cell(node, tag)
        elif tag in _MARKS:
            self._flows[-1].mark("")
        self._end_block(tag)

    def _close_cell(self, node: LexborNode, tag: str) -> None:
        text = self._flows.pop().text()
        columns, rows = _number(node, "colspan", 1), _number(node, "rowspan", 1)
        self._tables[-1].cell(text, columns=columns, rows=rows, heading=tag == "th")

    def _end_block(self, tag: str) -> None:
        if tag in _PARAGRAPHS and not (self._lists and tag in ("ol", "ul", "p")):
            self._flows[-1].end_paragraph()
        elif tag in _LINES or tag in _PARAGRAPHS or tag == "br":
            self._flows[-1].end_line()

    def _put_mark(self, node: LexborNode, tag: str) -> None:
        """What an element says by being there: a heading's level, an item's number, a field's value."""
        if tag == "li" and self._lists and self._lists[-1] is not None:
            self._flows[-1].mark(f"{self._lists[-1]}. ")
            self._lists[-1] += 1
        elif tag in _MARKS:
            self._flows[-1].mark(_MARKS[tag])
        elif tag == "img":
            self._put(f" {node.attributes.get('alt') or ''} ")
        elif tag == "input":
            self._put(_field(node.attributes))


def _walk(root: LexborNode) -> Iterator[tuple[LexborNode, bool]]:
    """Every element as it opens and as it closes, and every text between, without recursion."""
    path: list[LexborNode] = []
    node: LexborNode | None = root
    while node is not None or path:
        if node is None:
            node = path.pop()
            yield node, False
            node = node.next if path else None
        elif node.is_element_node and not _is_hidden(node):
            yield node, True
            path.append(node)
            node = node.first_child
        else:
            if node.is_text_node:
                yield node, True
            node = node.next


def _is_hidden(node: LexborNode) -> bool:
    if node.tag in _SILENT:
        return True
    attributes = node.attributes
    return "hidden" in attributes or bool(_HIDDEN.search(attributes.get("style") or ""))


def _field(attributes: dict[str, str | None]) -> str:
    """What a form field shows: its value, or whether it is ticked."""
    kind = (attributes.get("type") or "text").lower()
    if kind in ("checkbox", "radio"):
        return " [x] " if "checked" in attributes else " [ ] "
    if kind in ("hidden", "image", "password", "reset", "submit", "button", "file"):
        return ""
    return f" {attributes.get('value') or ''} "


def _number(node: LexborNode, name: str, default: int) -> int:
    value = (node.attributes.get(name) or "").strip()
    return max(min(int(value[:4]), _SPAN_LIMIT), 1) if value.isascii() and value.isdigit() else default
