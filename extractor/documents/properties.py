"""What a document says about itself, by Dublin Core and the formats that followed it."""

from __future__ import annotations

from xml.etree.ElementTree import Element

__all__ = ["properties"]

_NAMES = {
    **{"title": "title", "subject": "subject", "language": "language", "date": "date"},
    **{"creator": "author", "initial-creator": "author", "created": "created", "creation-date": "created"},
}


def properties(root: Element) -> dict[str, str]:
    """Title, author, subject, language and dates, as far as they are told; the first word on each counts."""
    found: dict[str, str] = {}
    for element in root.iter():
        name = _NAMES.get(element.tag)
        if name and element.text and element.text.strip():
            found.setdefault(name, " ".join(element.text.split()))
    return found
