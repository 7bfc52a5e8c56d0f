"""XML by local names: office files come in two sets of namespaces that say the same, so a tree is read without them.

What is absent is an empty element, so that questions about it can be asked in a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

__all__ = ["ABSENT", "child", "growing", "has", "local_name", "named", "number", "parse_xml", "properties", "setting"]

ABSENT = Element("")
_CHUNK = 1 << 13  # bytes: the tree of what is fed at once stays within the cache of a processor
_DRAWN = frozenset({"OLEObject", "blip", "chart", "control", "imagedata", "oleObj", "relIds", "subDoc", "textpath"})
_PROPERTIES = {  # by Dublin Core and the formats that followed it
    **{"title": "title", "subject": "subject", "language": "language", "date": "date"},
    **{"creator": "author", "initial-creator": "author", "created": "created", "creation-date": "created"},
}


class _Names(dict[str, str]):
    """Names of elements and attributes without their namespaces: a file has few, in very many places."""

    def __missing__(self, tag: str) -> str:
        name = self[tag] = tag.rpartition("}")[2]
        return name


local_name = _Names().__getitem__


def parse_xml(data: bytes | str) -> Element:
    """The root of a file of XML, all names in it without namespaces. Raises ParseError.

    Of alternatives for programs of several ages, which say the same, it has the first one that says something.
    """
    root = named(ElementTree.fromstring(data))
    if root.find(".//AlternateContent") is not None:
        for parent in list(root.iter()):
            for index, node in enumerate(parent):
                if node.tag == "AlternateContent" and len(node):
                    parent[index] = next((choice for choice in node if any(map(_says, choice.iter()))), node[0])
    return root


def _says(node: Element) -> bool:
    return node.tag in _DRAWN or (node.tag == "t" and bool((node.text or "").strip()))


def growing(data: bytes) -> Iterator[tuple[Element, bool]]:
    """The root of a file of XML as it grows, and whether it is whole: what is taken out of it needs no memory any more.

    The last child of each element may be incomplete until all is whole. Raises ParseError.
    """
    builder = ElementTree.TreeBuilder()
    above = builder.start("", {})
    parser = ElementTree.XMLParser(target=builder)
    for place in range(0, len(data), _CHUNK):
        parser.feed(data[place : place + _CHUNK])
        for root in above:
            yield root, False
    parser.close()
    yield above[0], True


def named(root: Element) -> Element:
    """An element and all within it by their local names; of two attributes that share one, the first has it."""
    for element in root.iter():
        element.tag = local_name(element.tag)
        for name, value in element.items():
            if name[0] == "{":
                element.attrib.setdefault(local_name(name), value)
    return root


def child(element: Element, *names: str) -> Element:
    """The first child of that name, of that its first child of the next name, and so on."""
    for name in names:
        found = element.find(name)
        if found is None:
            return ABSENT
        element = found
    return element


def has(element: Element, name: str) -> bool:
    """Whether there is a child of that name."""
    return element.find(name) is not None


def number(element: Element, name: str, default: int) -> int:
    """The attribute of that name as a whole number."""
    text = element.get(name)
    return int(text) if text and text.isascii() and text.isdigit() else default


def setting(element: Element, *names: str) -> str:
    """The `val` of a child, the way Word writes most of what it knows."""
    return child(element, *names).get("val", "")


def properties(root: Element) -> dict[str, str]:
    """Title, author, subject, language and dates, as far as they are told; the first word on each counts."""
    found: dict[str, str] = {}
    for element in root.iter():
        name = _PROPERTIES.get(element.tag)
        if name and element.text and element.text.strip():
            found.setdefault(name, " ".join(element.text.split()))
    return found
