"""Where glyphs stand on a page, turned into lines of text that keep the look of it.

Tables come out as rows with their columns in line, prose set in columns comes out column by column. All lengths are in
points; x grows to the right and y downwards in the direction of reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, chain, pairwise
from statistics import median
from typing import NamedTuple

from extractor.documents.scripts import (
    in_reading_order,
    is_leftward,
    is_marked,
    mostly_leftward,
    subscript,
    superscript,
    written,
)

__all__ = ["Glyph", "Run", "placed", "to_runs"]

_SPACE = 0.2  # of a glyph's height: wider is the gap between two words
_GAP = 1.0  # of a glyph's height: wider is the gap between two columns, narrower the one between two words
_GUTTER = 4.0  # points, at least, between columns of prose
_PROSE, _NARROW = 25, 18  # characters of a line of prose on average, at least: in two columns, and in more
_FILLED = 0.6  # of the width of a column of prose, that its lines take up
_FEWEST = 5  # lines of a column of prose
_PIECES = 1.4  # runs of a line of prose on average, at most
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
    joined: bool = False  # whether the file has it right behind the one before it, in one word


class Run:
    """Characters that stand together on one line, with no gap wider than that between words.

    `top` and `bottom` are those of its tallest characters: smaller ones above or below them are exponents, indices and
    marks of notes.
    """

    __slots__ = ("_text", "bottom", "last", "left", "right", "top")

    def __init__(self, text: str, left: float, top: float, right: float, bottom: float) -> None:
        self._text = text
        self.left, self.top, self.right, self.bottom = left, top, right, bottom
        self.last = left  # where the last character begins

    @property
    def text(self) -> str:
        if is_marked(self._text):
            self._text = written(self._text)
        return self._text

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    def takes(self, glyph: Glyph) -> bool:
        """Whether the glyph goes on with this run: on its line, and next to it on the right."""
        height = max(self.bottom - self.top, 1.0)
        overlap = min(self.bottom, glyph.bottom) - max(self.top, glyph.top)
        if overlap < 0.5 * min(height, max(glyph.bottom - glyph.top, 1.0)):
            return False
        return glyph.left > self.last - 0.2 * height and glyph.left - self.right < _GAP * height

    def add(self, glyph: Glyph, *, spaced: bool) -> None:
        """Put the glyph at the end, after a space where one was seen or the gap shows one."""
        height = self.bottom - self.top
        space = " " if spaced or (glyph.left - self.right > _SPACE * height and not glyph.joined) else ""
        marked: Callable[[str], str] = str
        if not space and glyph.bottom - glyph.top < _SMALL * height:
            is_raised = self.bottom - glyph.bottom > _RISE * height
            marked = superscript if is_raised else subscript if glyph.bottom > self.bottom else str
        elif height < _SMALL * (glyph.bottom - glyph.top):
            if glyph.bottom - self.bottom > _RISE * height and self.text.isdigit():
                space = " "  # the number of a note, and now the note
            self.top, self.bottom = glyph.top, glyph.bottom
        self._text += space + marked(glyph.text)
        if marked is str:
            self.top, self.bottom = min(self.top, glyph.top), max(self.bottom, glyph.bottom)
        self.last = glyph.left
        self.left, self.right = min(self.left, glyph.left), max(self.right, glyph.right)


def to_runs(glyphs: Iterable[Glyph]) -> list[Run]:
    """Glyphs in the order of the file, joined where they stand together. A space is a glyph that is white.

    Letters that run to the left are put in the order of reading by where they stand: files have them in either order.
    """
    glyphs = list(glyphs)
    if not is_leftward("".join(glyph.text for glyph in glyphs)):
        return _joined(glyphs)
    return [
        run
        for line in _file_lines(glyphs)
        for run in (_two_way(line) if any(is_leftward(glyph.text) for glyph in line) else _joined(line))
    ]


def _joined(glyphs: Iterable[Glyph]) -> list[Run]:
    runs: list[Run] = []
    spaced = False
    for glyph in glyphs:
        if glyph.text.isspace():
            spaced = True
            continue
        if runs and runs[-1].takes(glyph):
            runs[-1].add(glyph, spaced=spaced)
        else:
            runs.append(Run(*glyph[:5]))
        spaced = False
    return runs


def _file_lines(glyphs: Iterable[Glyph]) -> Iterator[list[Glyph]]:
    """Glyphs that follow each other in the file on one line of the page."""
    line: list[Glyph] = []
    for glyph in glyphs:
        if line and not glyph.text.isspace():
            last = line[-1]
            high = min(last.bottom, glyph.bottom) - max(last.top, glyph.top)
            if high < 0.5 * min(last.bottom - last.top, glyph.bottom - glyph.top):
                yield line
                line = []
        if line or not glyph.text.isspace():
            line.append(glyph)
    if line:
        yield line


def _two_way(line: list[Glyph]) -> list[Run]:
    """The runs of a line on which letters run to the left, and Latin words and figures between them to the right."""
    height = max(glyph.bottom - glyph.top for glyph in line)
    words = accumulate(glyph.text.isspace() for glyph in line)  # by their spaces in the file
    found = sorted(((g.left + g.right, word, g) for word, g in zip(words, line, strict=True) if not g.text.isspace()))
    pieces: list[list[Glyph]] = []
    right, last = float("-inf"), -1
    for _, word, glyph in found:
        if glyph.left - right > _GAP * height:
            pieces.append([])
        elif glyph.left - right > _SPACE * height or word != last:
            pieces[-1].append(Glyph(" ", right, glyph.top, glyph.left, glyph.bottom))
        pieces[-1].append(glyph)
        right, last = max(right, glyph.right), word
    return [_as_read(piece) for piece in pieces]


def _as_read(piece: list[Glyph]) -> Run:
    """One run, from glyphs that stand in this order from left to right."""
    seen = "".join(glyph.text[::-1] if is_leftward(glyph.text) else glyph.text for glyph in piece)
    sides = zip(*(glyph[1:5] for glyph in piece), strict=True)
    return Run(in_reading_order(seen), *(pick(side) for pick, side in zip((min, min, max, max), sides, strict=True)))


def placed(runs: Sequence[Run]) -> tuple[str, list[tuple[int, Run]]]:
    """The page as text, and where in it each run begins. Where most letters run to the left, so do columns."""
    if not mostly_leftward("".join(run.text for run in runs)):
        return _placed(runs)
    _mirror(runs)
    found = _placed(runs)
    _mirror(runs)
    return found


def _mirror(runs: Sequence[Run]) -> None:
    for run in runs:
        run.left, run.right = -run.right, -run.left


def _placed(runs: Sequence[Run]) -> tuple[str, list[tuple[int, Run]]]:
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
    for part, columns in chain.from_iterable(_parts(*stretch) for stretch in _stretches(lines)):
        if not columns:
            rows += part
            continue
        if rows:
            yield rows
            rows = []
        for column in columns:
            yield from _blocks(_lines(column))
    if rows:
        yield rows


def _parts(lines: list[_Line], gutters: Sequence[_Span]) -> Iterator[tuple[list[_Line], list[list[Run]]]]:
    """A stretch, and its columns if it is prose, each side of a wide gap on its own where one of them is not."""
    if not gutters or not _may_be_prose(lines, gutters):
        yield lines, []
        return
    columns = _columns(lines, gutters)
    if len(columns) == 2 and not all(_is_column(column, _PROSE) for column in columns):
        columns = []
    pitches = _pitches(lines)
    if len(pitches) >= _FEWEST and max(pitches) > _wide(lines, pitches):
        below = pitches.index(max(pitches)) + 1
        parts = lines[:below], lines[below:]
        if not columns or any(_is_table(part, columns) for part in parts):
            for part in parts:
                yield from _parts(part, gutters)
            return
    yield lines, columns


def _may_be_prose(lines: list[_Line], gutters: Sequence[_Span]) -> bool:
    """Whether there are long runs left and right of gutters. Without them, long tables need no search for columns."""
    runs = [run for line in lines for run in line if _PIECES * len(run.text) >= _NARROW]
    return any(run.right <= gutters[-1][0] for run in runs) and any(run.left >= gutters[0][1] for run in runs)


def _is_table(lines: list[_Line], columns: list[list[Run]]) -> bool:
    """Whether most of these lines reach over all columns, in none of which they are prose."""
    across = sum(len(line) >= len(columns) for line in lines)
    own = {id(run) for line in lines for run in line}
    pieces = ([run for run in column if id(run) in own] for column in columns)
    return across > max(1, len(lines) // 2) and not any(_is_column(piece, fewest=1) for piece in pieces if piece)


def _pitches(lines: list[_Line]) -> list[float]:
    return [below[0].middle - above[0].middle for above, below in pairwise(lines)]


def _wide(lines: list[_Line], pitches: list[float]) -> float:
    """The least distance between two lines that shows as a blank one."""
    return max(1.4 * median(pitches), lines[0][0].height) if pitches else 0.0


def _columns(lines: list[_Line], gutters: Sequence[_Span], fewest: int = _FEWEST) -> list[list[Run]]:
    """The lines as columns of prose, which are read down and not across, from left to right; none if they are no such.

    A gutter parts two columns where what is left of it is one, and what is right of it is one or more. The last of
    three and more may be short.
    """
    runs = [run for line in lines for run in line]
    for index, (start, end) in enumerate(gutters):
        left = [run for run in runs if run.right <= start]
        right = [run for run in runs if run.left >= end]
        if _is_column(left):
            if further := _columns(_lines(right), gutters[index + 1 :], fewest=1):
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


def _is_column(runs: list[Run], prose: int = _NARROW, fewest: int = _FEWEST) -> bool:
    lines = _lines(runs)
    if len(lines) < fewest or len(runs) > _PIECES * len(lines):
        return False
    width = max(run.right for run in runs) - min(run.left for run in runs)
    filled = sum(line[-1].right - line[0].left for line in lines) / (width * len(lines)) if width else 0.0
    return filled >= _FILLED and sum(len(run.text) for run in runs) >= prose * len(lines)


def _grid(lines: list[_Line]) -> Iterator[str | Run]:
    """Each line with its runs as far to the right as they stand on the page; a blank line where there is a gap.

    What stands between the runs comes as text.
    """
    places = _places(lines)
    pitches = _pitches(lines)
    wide = _wide(lines, pitches)
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
    lengths = [len(run.text) for run in runs]
    widths = ([(run.right - run.left) / n] * n for run, n in zip(runs, lengths, strict=True) if n)
    unit = median(chain.from_iterable(widths)) or 1.0
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
