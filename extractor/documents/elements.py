"""XML elements by their local names: office files come in two sets of namespaces that say the same.

What is absent is an empty element, so that questions about it can be asked in a row.
"""

from __future__ import annotations

from xml.etree.ElementTree import Element

__all__ = ["ABSENT", "child", "has", "local", "number", "setting", "value", "values"]

ABSENT = Element("")


class _Names(dict[str, str]):
    """Names of elements and attributes without their namespaces: a file has few, and asks for them very often."""

    def __missing__(self, tag: str) -> str:
        name = self[tag] = tag.rpartition("}")[2] if isinstance(tag, str) else ""
        return name


_names = _Names()


def local(element: Element) -> str:
    """The tag without its namespace, "" for what is absent."""
    return _names[element.tag]


def child(element: Element, *names: str) -> Element:
    """The first child of that name, of that its first child of the next name, and so on."""
    for name in names:
        element = next((node for node in element if local(node) == name), ABSENT)
    return element


def has(element: Element, name: str) -> bool:
    """Whether there is a child of that name."""
    return any(local(node) == name for node in element)


def value(element: Element, name: str) -> str:
    """The attribute of that name, "" where it is absent."""
    return next((text for key, text in element.items() if _names[key] == name), "")


def values(element: Element) -> dict[str, str]:
    """All attributes by their names."""
    return {_names[key]: text for key, text in element.items()}


def number(element: Element, name: str, default: int) -> int:
    """The attribute of that name as a whole number."""
    text = value(element, name)
    return int(text) if text.isascii() and text.isdigit() else default


def setting(element: Element, *names: str) -> str:
    """The `val` of a child, the way Word writes most of what it knows."""
    return value(child(element, *names), "val")
