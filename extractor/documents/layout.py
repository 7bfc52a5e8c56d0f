"""Where glyphs stand on a page, turned into lines of text that keep the look of it.

Tables come out as rows with their columns in line, prose set in columns comes out column by column. All lengths are in
points; x grows to the right and y downwards in the direction of reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from extractor.documents.scripts import subscript, superscript, written

__all__ = ["Glyph", "Run", "lay_out", "placed", "to_runs"]

_GAP = 1.0  # of a glyph's height: wider is the gap between two columns, narrower the one between two words
_GUTTER = 4.0  # points, at least, between columns of prose
_PROSE, _NARROW = 25, 18  # characters of a line of prose on average, at least: in two columns, and in more
_FILLED = 0.6  # of the width of a column of prose, that its lines take up
_FEWEST = 5  # lines of a column of prose
_WIDEST = 400  # characters of a line
_SMALL = 0.85  # of the height of its line, that a raised or lowered character has at most
_RISE = 0.2  # of the height of its line, that a raised character stands above it at least


class Glyph(NamedTuple):
    """One character and its box."""

    text: str
    left: float
    top: float
    right: float
    bottom: float


class Run:
    """Characters that stand together on one line, with no gap wider than that between words.

    `top` and `bottom` are those of its tallest characters: smaller ones above or below them are exponents, indices and
    marks of notes.
    """

    __slots__ = ("_script", "_text", "bottom", "last", "left", "right", "top")

    def __init__(self, text: str, left: float, top: float, right: float, bottom: float) -> None:
        self._text = text
        self._script = ""  # raised or lowered characters that are not yet part of the text
        self.left, self.top, self.right, self.bottom = left, top, right, bottom
        self.last = left  # where the last character begins

    @property
    def text(self) -> str:
        self._settle()
        return self._text

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    def takes(self, glyph: Glyph) -> bool:
        """Whether the glyph goes on with this run: on its line, and next to it on either side."""
        height = max(self.bottom - self.top, 1.0)
        overlap = min(self.bottom, glyph.bottom) - max(self.top, glyph.top)
        if overlap < 0.5 * min(height, max(glyph.bottom - glyph.top, 1.0)):
            return False
        ahead, behind = glyph.left - self.right, self.left - glyph.right
        if _runs_leftwards(glyph.text) or _runs_leftwards(self._text[-1]):
            return max(ahead, behind) < _GAP * height
        return glyph.left > self.last - 0.2 * height and ahead < _GAP * height

    def add(self, glyph: Glyph, *, spaced: bool) -> None:
        """Put the glyph at the end, after a space where one was seen or the gap shows one."""
        height = self.bottom - self.top
        space = " " if spaced or glyph.left - self.right > 0.2 * height else ""
        script = ""
        if not space and glyph.bottom - glyph.top < _SMALL * height:
            script = "^" if self.bottom - glyph.bottom > _RISE * height else "_" if glyph.bottom > self.bottom else ""
        elif height < _SMALL * (glyph.bottom - glyph.top):
            if glyph.bottom - self.bottom > _RISE * height and self.text.isdigit():
                space = " "  # the number of a note, and now the note
            self.top, self.bottom = glyph.top, glyph.bottom
        if script and script == self._script[:1]:
            self._script += glyph.text
        else:
            self._settle()
            if script:
                self._script = script + glyph.text
            else:
                self._text += space + glyph.text
                self.top, self.bottom = min(self.top, glyph.top), max(self.bottom, glyph.bottom)
        self.last = glyph.left
        self.left, self.right = min(self.left, glyph.left), max(self.right, glyph.right)

    def _settle(self) -> None:
        if self._script:
            marked = (superscript if self._script[0] == "^" else subscript)(self._script[1:])
            self._text, self._script = written(self._text + marked), ""


def to_runs(glyphs: Iterable[Glyph]) -> list[Run]:
    """Glyphs in the order of the file, joined where they stand together. A space is a glyph that is white."""
    runs: list[Run] = []
    spaced = False
    for glyph in glyphs:
        if glyph.text.isspace():
            spaced = True
            continue
        if runs and runs[-1].takes(glyph):
            runs[-1].add(glyph, spaced=spaced)
        else:
            runs.append(Run(*glyph))
        spaced = False
    return runs


def lay_out(runs: Sequence[Run]) -> str:
    """The page as text."""
    return placed(runs)[0]


def placed(runs: Sequence[Run]) -> tuple[str, list[tuple[int, Run]]]:
    """The page as text, and where in it each run begins."""
    text = ""
    starts: list[tuple[int, Run]] = []
    for lines in _blocks(_lines(runs)):
        text += "\n\n" if text else ""
        for piece in _grid(lines):
            if isinstance(piece, Run):
                starts.append((len(text), piece))
                piece = piece.text
            text += piece
    return text, starts


_Line = list[Run]
_Span = tuple[float, float]
_PAPER: _Span = (float("-inf"), float("inf"))


def _lines(runs: Sequence[Run]) -> list[_Line]:
    """The runs that share a line, lines from top to bottom, runs from left to right."""
    lines: list[_Line] = []
    for run in sorted(runs, key=lambda run: run.middle):
        first = lines[-1][0] if lines else None
        if first is not None and abs(run.middle - first.middle) < 0.45 * min(run.height, first.height):
            lines[-1].append(run)
        else:
            lines.append([run])
    for line in lines:
        line.sort(key=lambda run: run.left)
    return lines


def _blocks(lines: list[_Line]) -> Iterator[list[_Line]]:
    """Stretches of lines to be set one below the other: whole rows, or the columns of a stretch of prose in turn."""
    rows: list[_Line] = []
    for stretch, gutters in _stretches(lines):
        columns = _columns(stretch, gutters)
        if not columns or (len(columns) == 2 and not all(_is_column(column, _PROSE) for column in columns)):
            rows += stretch
            continue
        if rows:
            yield rows
            rows = []
        for column in columns:
            yield from _blocks(_lines(column))
    if rows:
        yield rows


def _columns(lines: list[_Line], gutters: Sequence[_Span], fewest: int = _FEWEST) -> list[list[Run]]:
    """The lines as columns of prose, which are read down and not across, from left to right; none if they are no such.

    A gutter parts two columns where what is left of it is one, and what is right of it is one or more. The last of
    three and more may be short.
    """
    for index, gutter in enumerate(gutters):
        left, right = _sides(lines, gutter)
        if _is_column(left):
            rest = [[run for run in line if run.left >= gutter[1]] for line in lines]
            if further := _columns([line for line in rest if line], gutters[index + 1 :], fewest=1):
                return [left, *further]
            if _is_column(right, fewest=fewest):
                return [left, right]
    return []


def _stretches(lines: list[_Line]) -> Iterator[tuple[list[_Line], list[_Span]]]:
    """Lines in a row that leave the same upright strips of paper white between them, and those strips."""
    stretch: list[_Line] = []
    free = last = [_PAPER]
    for line in lines:
        gaps = _gaps(line)
        common = _common(free, gaps)
        if stretch and not _inner(common) and (_inner(free) or _inner(gaps) or _inner(_common(last, gaps))):
            yield stretch, _inner(free)
            stretch, common = [], gaps
        stretch.append(line)
        free, last = common, gaps
    if stretch:
        yield stretch, _inner(free)


def _inner(gaps: list[_Span]) -> list[_Span]:
    """Those with text on either side."""
    return [gap for gap in gaps if gap[0] > _PAPER[0] and gap[1] < _PAPER[1]]


def _gaps(line: _Line) -> list[_Span]:
    """What a line leaves white, from left to right."""
    edge = _PAPER[0]
    gaps = []
    for run in line:
        if run.left > edge:
            gaps.append((edge, run.left))
        edge = max(edge, run.right)
    return [*gaps, (edge, _PAPER[1])]


def _common(some: list[_Span], others: list[_Span]) -> list[_Span]:
    """The strips that are white in both, where wide enough to part two columns; both run from left to right."""
    found = []
    for start, end in some:
        for other_start, other_end in others:
            low, high = max(start, other_start), min(end, other_end)
            if high - low > _GUTTER:
                found.append((low, high))
    return found


def _sides(lines: list[_Line], gutter: _Span) -> tuple[list[Run], list[Run]]:
    runs = [run for line in lines for run in line]
    return [run for run in runs if run.right <= gutter[0]], [run for run in runs if run.left >= gutter[1]]


def _is_column(runs: list[Run], prose: int = _NARROW, fewest: int = _FEWEST) -> bool:
    lines = _lines(runs)
    if len(lines) < fewest or len(runs) > 1.4 * len(lines):
        return False
    width = max(run.right for run in runs) - min(run.left for run in runs)
    filled = sum(line[-1].right - line[0].left for line in lines) / (width * len(lines)) if width else 0.0
    return filled >= _FILLED and sum(len(run.text) for run in runs) >= prose * len(lines)


def _grid(lines: list[_Line]) -> Iterator[str | Run]:
    """Each line with its runs as far to the right as they stand on the page; a blank line where there is a gap.

    What stands between the runs comes as text.
    """
    places = _places(lines)
    pitches = [below[0].middle - above[0].middle for above, below in pairwise(lines)]
    wide = max(1.4 * median(pitches), lines[0][0].height) if pitches else 0.0
    for line, pitch in zip(lines, [0.0, *pitches], strict=True):
        yield "" if line is lines[0] else "\n\n" if pitch > wide else "\n"
        width = 0
        for run in line:
            gap = max(places[_place(run)] - width, 2 if width else 0)
            yield " " * gap
            yield run
            width += gap + len(run.text)


def _places(lines: list[_Line]) -> dict[int, int]:
    """The column of text for each place where a run begins, the same on every line.

    Columns are as far apart as on the page, and farther where the text of some line needs the room: what stands below
    a heading on the page stands below it in the text.
    """
    runs = [run for line in lines for run in line]
    unit = median((run.right - run.left) / len(run.text) for run in runs for _ in run.text) or 1.0
    left = min(run.left for run in runs)
    needs: dict[int, list[tuple[int, int]]] = {}  # place -> (place before it on a line, characters from there)
    for line in lines:
        for before, run in pairwise(line):
            needs.setdefault(_place(run), []).append((_place(before), len(before.text) + 2))
    columns: dict[int, int] = {}
    farthest = 0
    for place in sorted({_place(run) for run in runs}):
        column = max(farthest, min(int((place - left) / unit + 0.5), _WIDEST))
        for earlier, width in needs.get(place, ()):
            column = max(column, columns.get(earlier, 0) + width)
        columns[place] = farthest = column
    return columns


def _place(run: Run) -> int:
    return round(run.left)


def _runs_leftwards(text: str) -> bool:
    return "\u0590" <= text[-1] <= "\u08ff" or "\ufb1d" <= text[-1] <= "\ufefc"
