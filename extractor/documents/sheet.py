"""A workbook as text, whatever program wrote it: blocks of rows as tables, with their columns where they stand."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial
from itertools import pairwise, repeat, takewhile

from extractor.documents.embedded import Embedded
from extractor.documents.links import with_target
from extractor.documents.number_formats import BUILT_IN, formatted_text, formatter, general
from extractor.documents.parsed import Parsed, paginate
from extractor.documents.scripts import Look, written
from extractor.documents.tables import Span, are_alike, header_rows, render_table

__all__ = [
    *("CellStyles", "Sheet", "Words", "area", "cell_name", "column_number", "linked", "margin", "runs", "workbook"),
]

_SAMPLE = 60
_HEADER = 3
_SEVERAL = 10  # formulas without a value that are named one by one
_PLAIN = Look()

Style = int | str
Words = str | list[tuple[Look | None, str]]
"""A text of a cell; where it has several looks, its runs, each with the look of its own or that of the cell."""
_LINK = re.compile(r'=?(?:_xlfn\.)?HYPERLINK\("([^"]+)"\s*[,;)]', re.I)
_CODE = re.compile(r'&(?:"[^"]*"|K(?:[0-9A-Fa-f]{6}|\d\d[+-]\d{3})|\d+|[LCRPNDTFAGZBIUESXYHO&])')


@dataclass(slots=True)
class Sheet:
    """What one sheet shows. Rows and columns count from 0.

    `uncomputed` are the formulas without a result. `doubtful` are those whose result is one that a program writes which
    computes nothing: it counts if some formula of the workbook has another (`is_computed`).
    """

    name: str
    rows: defaultdict[int, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))
    spans: list[Span] = field(default_factory=list)
    hidden: bool = False
    hidden_rows: int = 0
    hidden_columns: list[range] = field(default_factory=list)
    uncomputed: list[tuple[int, int]] = field(default_factory=list)
    doubtful: dict[tuple[int, int], str] = field(default_factory=dict)
    is_computed: bool = False
    missing: int = 0  # texts that cells share and the file does not hold
    after: list[str] = field(default_factory=list)  # charts, boxes and comments

    def put(self, row: int, column: int, text: str) -> None:
        """Write a cell, if there is anything in it."""
        if text:
            self.rows[row][column] = text

    def link(self, area: Span, target: str) -> None:
        """Write the address of a link behind the text of each cell that it is on."""
        rows = range(area.row, area.row + area.rows)
        for row in rows if len(rows) < len(self.rows) else filter(rows.__contains__, self.rows):
            cells = self.rows.get(row, {})
            for column in cells.keys() & range(area.column, area.column + area.columns):
                cells[column] = with_target(cells[column], target)


class CellStyles:
    """How cells show their values, by the name or number of their style: `kinds` has its format and its font.

    `codes` are those of the formats that are not built in. `numbers` has a function for each style. `texts` are those
    that cells share.
    """

    def __init__(
        self,
        kinds: Iterable[tuple[Style, tuple[int, int]]],
        codes: Mapping[int, str],
        fonts: Sequence[Look],
        texts: Iterable[Words],
        *,
        from_1904: bool,
    ) -> None:
        kinds = list(kinds)
        every = {style: codes.get(kind, BUILT_IN.get(kind, "")) for style, (kind, _) in kinds}
        self._codes = {style: code for style, code in every.items() if code not in ("", "General", "@")}
        looks = {style: fonts[font] for style, (_, font) in kinds if font < len(fonts)}
        self._looks = {style: look for style, look in looks.items() if look.matters}
        self._dressed = self._looks.keys() | {style for style, code in self._codes.items() if "@" in code}
        formats = {style: formatter(code, from_1904) for style, code in self._codes.items()}
        self.numbers: defaultdict[Style, Callable[[float], str]] = defaultdict(lambda: general, formats)
        for style, look in self._looks.items():
            self.numbers[style] = partial(_dressed_number, self.numbers[style], look)
        self._texts = list(texts)
        self._plain = [words.strip() if isinstance(words, str) else self.text(words, "") for words in self._texts]

    def text(self, words: Words, style: Style) -> str:
        """A text as it looks, with the words that its format puts around it."""
        if isinstance(words, str) and style not in self._dressed:
            return words.strip()
        look = self._looks.get(style, _PLAIN)
        runs = [(look, words)] if isinstance(words, str) else words
        text = written("".join((own or look).apply(run) for own, run in runs)).strip()
        return formatted_text(text, self._codes[style]) if text and "@" in self._codes.get(style, "") else text

    def shared(self, sheet: Sheet, index: int, style: Style) -> str:
        """The text of this number among those that cells share, as it looks in a cell of the sheet."""
        if 0 <= index < len(self._texts):
            return self.text(self._texts[index], style) if style in self._dressed else self._plain[index]
        sheet.missing += 1
        return ""


def runs(text: str, starts: Iterable[tuple[int, int]], fonts: Sequence[Look]) -> Words:
    """A text that from each of these places on is in the font of that number."""
    edges = [(0, len(fonts)), *starts, (len(text), 0)]
    return [
        (fonts[font] if font < len(fonts) else None, text[start:end]) for (start, font), (end, _) in pairwise(edges)
    ]


def _dressed_number(form: Callable[[float], str], look: Look, amount: float) -> str:
    return written(look.apply(form(amount)))


def linked(text: str, formula: str) -> str:
    """The text of a cell with the address that its formula links to, if that is written out."""
    link = _LINK.match(formula)
    return with_target(text, link[1]) if link else text


def workbook(sheets: Iterable[Sheet], embedded: Embedded, about: Mapping[str, str]) -> Parsed:
    """Every sheet a page, hidden ones included and marked so; what its cells hold no value of is named as unread."""
    texts = []
    sheets = list(sheets)
    is_computed = any(sheet.is_computed for sheet in sheets)
    for sheet in sheets:
        for place, formula in sheet.doubtful.items() if not is_computed else ():
            sheet.put(*place, formula)
            sheet.uncomputed.append(place)
        texts.append(_sheet_text(sheet))
        cells = [cell_name(*place) for place in sheet.uncomputed]
        for cell in cells[:_SEVERAL]:
            embedded.missing(f"{sheet.name}!{cell}: a formula that was never computed")
        if len(cells) > _SEVERAL:
            embedded.missing(f"{sheet.name}: {len(cells) - _SEVERAL} more formulas that were never computed")
        if sheet.missing:
            embedded.missing(f"{sheet.name}: {sheet.missing} cells whose texts are not in the file")
    text, pages = paginate(texts)
    return embedded.parsed(text, pages, {"pages": len(pages), **about})


def _sheet_text(sheet: Sheet) -> str:
    """The sheet under its name; a block of rows ends at a row without anything in it, unless it goes on below."""
    merged: defaultdict[int, list[Span]] = defaultdict(list)
    for span in sheet.spans:
        merged[span.row].append(span)
    blocks = [_block(sheet, rows, merged) for rows in _blocks(sheet)]
    return "\n\n".join([f"## {sheet.name}{_hidden(sheet)}", *filter(None, blocks), *sheet.after])


def cell_name(row: int, column: int) -> str:
    """A cell as a spreadsheet names it.

    >>> cell_name(1, 27)
    'AB2'
    """
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row + 1}"


def margin(kind: str, code: str) -> list[str]:
    """The words of a header or a footer, without the codes for pages, dates and fonts; nothing where there are none.

    >>> margin("Footer", "&L&K01+000ACME && Co&RPage &P")
    ['Footer: ACME & Co Page']
    """
    words = " ".join(_CODE.sub(lambda match: "&" if match[0] == "&&" else " ", code).split())
    return [f"{kind}: {words}"] if any(map(str.isalnum, words)) else []


def _hidden(sheet: Sheet) -> str:
    parts = ["hidden sheet"] if sheet.hidden else []
    used = set().union(*sheet.rows.values()) if sheet.hidden_columns else ()
    columns = sum(any(column in hidden for hidden in sheet.hidden_columns) for column in used)
    for count, what in ((sheet.hidden_rows, "row"), (columns, "column")):
        if count:
            parts.append(f"{count} hidden {what}{'s' if count > 1 else ''}")
    return f" ({', '.join(parts)})" if parts else ""


def _blocks(sheet: Sheet) -> list[list[int]]:
    """The numbers of the rows of each block, in order."""
    found: list[list[int]] = []
    reached = -1  # the last row that the block, or a merged cell of it, reaches
    reach = {span.row: span.row + span.rows - 1 for span in sorted(sheet.spans, key=lambda span: span.rows)}
    for row in sorted(row for row, cells in sheet.rows.items() if any(cells.values())):
        if found and (row <= reached + 1 or _goes_on(sheet, found[-1], row)):
            found[-1].append(row)
        else:
            found.append([row])
        reached = max(row, reached, reach.get(row, row))
    return found


def _goes_on(sheet: Sheet, block: list[int], row: int) -> bool:
    """Whether the row after a gap belongs to the table above it: that is a header as yet, or has the same columns."""
    above = set().union(*(_used(sheet, other) for other in block[:_HEADER]))
    here = _used(sheet, row)
    if not here <= above or len(here) < 2:
        return False
    below = list(takewhile(sheet.rows.__contains__, range(row, row + _SAMPLE)))
    columns = _columns(sheet, [*block[:_SAMPLE], *below])
    if header_rows(_grid(sheet, below, columns)):
        return False
    if len(block) <= _HEADER and not any(map(str.isdigit, "".join(sheet.rows[block[-1]].values()))):
        return True
    table = _grid(sheet, block[:_SAMPLE], columns)
    is_within = all(_used(sheet, other) <= above for other in below)
    rows = _grid(sheet, below, columns)
    has_header = header_rows(table) or (len(rows) == 1 and header_rows([*table, *rows]))
    return is_within and bool(has_header) and are_alike(table, rows)


def _used(sheet: Sheet, row: int) -> set[int]:
    return {column for column, text in sheet.rows.get(row, {}).items() if text}


def _columns(sheet: Sheet, rows: list[int]) -> list[int]:
    """The columns that these rows use: a sheet has thousands of others."""
    return sorted(set().union(*(sheet.rows[row] for row in rows)))


def _grid(sheet: Sheet, rows: list[int], columns: list[int]) -> list[list[str]]:
    return [[*map(sheet.rows[row].get, columns, repeat(""))] for row in rows]


def _block(sheet: Sheet, rows: list[int], merged: Mapping[int, list[Span]]) -> str:
    columns = _columns(sheet, rows)
    spans = []
    for row, top in enumerate(rows):
        for span in merged.get(top, ()):
            column = bisect_left(columns, span.column)
            deep = bisect_left(rows, top + span.rows, row) - row
            spans.append(Span(row, column, deep, bisect_left(columns, span.column + span.columns, column) - column))
    return render_table(_grid(sheet, rows, columns), spans=spans)


def area(name: str) -> Span:
    """The cells of a reference.

    >>> area("AB2:AC4")
    Span(row=1, column=27, rows=3, columns=2)
    """
    (top, left), (bottom, right) = map(_place, (name.partition(":")[0], name.rpartition(":")[2]))
    return Span(top, left, bottom - top + 1, right - left + 1)


def _place(name: str) -> tuple[int, int]:
    letters = name.rstrip("0123456789")
    return int(name[len(letters) :] or 1) - 1, column_number(letters)


@lru_cache(maxsize=1024)
def column_number(letters: str) -> int:
    """The column of these letters, from 0 on."""
    column = 0
    for letter in letters.replace("$", "").upper():
        column = column * 26 + ord(letter) - ord("A") + 1
    return column - 1
