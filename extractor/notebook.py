"""HTML for notebooks: a heading and small tables, everything in them escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from itertools import islice

__all__ = ["lines", "panel", "table", "text"]

_MOST = 100
"""Rows of a table that are shown."""

_LONGEST = 2000
"""Characters of a text that are shown."""


def panel(title: str, *parts: str) -> str:
    """A heading with parts below it, which are HTML already; empty ones are left out."""
    return f"<div><strong>{escape(title)}</strong>{''.join(parts)}</div>"


def table(rows: Iterable[Sequence[object]], head: Sequence[str] = ()) -> str:
    """A table of texts; None is an empty cell, and of a long one the first rows are shown. Nothing without rows.

    >>> table([("a < b", None)])
    '<table><tr><td>a &lt; b</td><td></td></tr></table>'
    """
    left = iter(rows)
    first = list(islice(left, _MOST))
    if not first:
        return ""
    top = _row("th", head) if head else ""
    rest = sum(1 for _ in left)
    more = f'<tr><td colspan="{len(first[0])}">and {rest:,} more</td></tr>' if rest else ""
    return f"<table>{top}{''.join(_row('td', row) for row in first)}{more}</table>"


def lines(items: Iterable[object]) -> str:
    """A list of texts; nothing where there are none."""
    found = "".join(f"<li>{escape(str(item))}</li>" for item in items)
    return f"<ul>{found}</ul>" if found else ""


def text(content: str) -> str:
    """The beginning of a text as it is laid out; nothing where it is empty."""
    rest = f" … and {len(content) - _LONGEST:,} characters more" if len(content) > _LONGEST else ""
    return f"<pre>{escape(content[:_LONGEST])}{rest}</pre>" if content.strip() else ""


def _row(cell: str, row: Sequence[object]) -> str:
    cells = ("" if each is None else escape(str(each)) for each in row)
    return f"<tr>{''.join(f'<{cell}>{each}</{cell}>' for each in cells)}</tr>"
