"""What is drawn from data in Office files: charts as tables, diagrams (SmartArt) as lists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import zip_longest
from xml.etree.ElementTree import Element

from extractor.documents.elements import child, has, number, setting
from extractor.documents.number_formats import formatted
from extractor.documents.tables import render_table

__all__ = ["captioned", "chart", "chart_text", "diagram", "paragraphs"]

_AXES = ("cat", "xVal")
_VALUES = (("val", ""), ("yVal", ""), ("bubbleSize", " (size)"))
_MOST = 10_000  # points of a series


def chart(root: Element) -> str:
    """The title of a chart, then its data: a row for each category, a column for each series."""
    title = next((paragraphs(node) for node in root.iter("title") if len(node)), "")
    axes = [paragraphs(child(axis, "title")) for axis in root.iter() if axis.tag.endswith("Ax")]
    series = list(_series(root))
    return chart_text(title, axes, series) if series else captioned(title, axes, _extended_table(root))


def chart_text(title: str, axes: Iterable[str], series: Iterable[tuple[str, tuple[str, ...], list[str]]]) -> str:
    """A chart of series, each by its name, the labels of its categories, and its values.

    Series that share their categories are columns of one table, others stand one below the other.
    """
    groups: dict[tuple[str, ...], list[tuple[str, list[str]]]] = {}
    for name, labels, values in series:
        groups.setdefault(labels, []).append((name, values))
    return captioned(title, axes, *(_table(labels, columns) for labels, columns in groups.items()))


def captioned(title: str, axes: Iterable[str], *tables: str) -> str:
    """A chart of these tables, under its title and the titles of its axes."""
    lines = [f"Chart: {title}" if title else "Chart", *(f"Axis: {axis}" for axis in axes if axis)]
    return "\n\n".join(filter(None, ["\n".join(lines), *tables]))


def diagram(root: Element) -> str:
    """The texts of a diagram, each under the one that it hangs on."""
    points = {point.get("modelId", ""): point for point in root.iter("pt")}
    texts = {name: " ".join(paragraphs(child(point, "t")).split()) for name, point in points.items()}
    below: dict[str, list[tuple[int, str]]] = {}
    for link in root.iter("cxn"):
        if link.get("type", "") in ("", "parOf"):
            below.setdefault(link.get("srcId", ""), []).append((number(link, "srcOrd", 0), link.get("destId", "")))
    hanging = {name for links in below.values() for _, name in links}
    lines: list[str] = []
    left = dict.fromkeys(texts)

    def walk(name: str, depth: int) -> None:
        if name not in left:
            return
        del left[name]
        text = texts[name]
        if text:
            lines.append("  " * depth + f"- {text}")
        for _, inner in sorted(below.get(name, ())):
            walk(inner, depth + bool(text))

    for name in (*(name for name in texts if name not in hanging), *texts):
        walk(name, 0)
    return "\n".join(lines)


def paragraphs(parent: Element) -> str:
    """The text of the paragraphs of a drawing, a line each."""
    lines = []
    for paragraph in parent.iter("p"):
        text = "".join(_characters(paragraph)).strip()
        lines += [text] if text else []
    return "\n".join(lines) or "".join(node.text or "" for node in parent.iter() if node.tag in ("v", "t")).strip()


def _characters(paragraph: Element) -> Iterator[str]:
    for node in paragraph.iter():
        if node.tag == "t":
            yield node.text or ""
        elif node.tag == "br":
            yield "\n"


def _series(root: Element) -> Iterator[tuple[str, tuple[str, ...], list[str]]]:
    """The series of a chart: their names, the labels of their categories, and their values."""
    from_1904 = has(root, "date1904") and setting(root, "date1904") not in ("0", "false")
    for index, node in enumerate(root.iter("ser"), 1):
        axis = next((part for name in _AXES for part in node.findall(name)), None)
        labels = tuple(_points(axis, from_1904)) if axis is not None else ()
        name = paragraphs(child(node, "tx")) or f"Series {index}"
        for part, suffix in _VALUES:
            if values := _points(child(node, part), from_1904):
                yield name + suffix, labels, values


def _table(labels: tuple[str, ...], columns: list[tuple[str, list[str]]]) -> str:
    rows = [list(row) for row in zip_longest(labels, *(values for _, values in columns), fillvalue="")]
    return render_table([["", *(name for name, _ in columns)], *rows], header=1)


def _points(source: Element, from_1904: bool) -> list[str]:
    """The cached values of a series in their places; labels of several levels stand beside each other."""
    levels = list(source.iter("lvl"))
    if levels:
        columns = [_level(node, "", from_1904) for node in reversed(levels)]
        filled = list(map(_filled, columns[:-1])) + columns[-1:]
        return [" / ".join(filter(None, row)) for row in zip_longest(*filled, fillvalue="")]
    for cache in source.iter():
        if cache.tag in ("strCache", "numCache", "strLit", "numLit"):
            return _level(cache, (child(cache, "formatCode").text or "").strip(), from_1904)
    return []


def _level(cache: Element, code: str, from_1904: bool = False) -> list[str]:
    points = {number(point, "idx", 0): _point(point, code, from_1904) for point in cache.findall("pt")}
    size = max(number(child(cache, "ptCount"), "val", 0), max(points, default=-1) + 1)
    return [points.get(index, "") for index in range(min(size, _MOST))]


def _filled(level: list[str]) -> list[str]:
    """An outer label stands for all that follow it up to the next one."""
    last = ""
    return [last := label or last for label in level]


def _point(point: Element, code: str, from_1904: bool) -> str:
    text = (child(point, "v").text or "").strip() or (point.text or "").strip()
    code = point.get("formatCode", "") or code
    if code and code != "General":
        with suppress(ValueError):
            return formatted(float(text), code, from_1904=from_1904)
    return text


def _extended_table(root: Element) -> str:
    """Charts of the newer kind (waterfall, funnel, treemap): data in dimensions."""
    columns = []
    for dimension in (dimension for data in root.iter("data") for dimension in data):
        levels = [_level(node, node.get("formatCode", "")) for node in dimension.findall("lvl")]
        columns += [(setting(dimension, "nf") or dimension.get("type", ""), level) for level in reversed(levels)]
    if not columns:
        return ""
    rows = [list(row) for row in zip_longest(*(level for _, level in columns), fillvalue="")]
    return render_table([[name for name, _ in columns], *rows], header=1)
