"""CSV and TSV: the text as it stands in the file, which is one table, read by the rules of the csv module."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from itertools import islice

from extractor.documents.document import Table
from extractor.documents.formats import plain
from extractor.documents.parsed import Parsed
from extractor.documents.source import Source
from extractor.documents.tables import header_rows

__all__ = ["parse", "table_in"]

_DELIMITERS = ",;\t|"
_SAMPLE = 60  # records
_HEAD = 1 << 16  # characters
_TALLEST = 100  # lines of one record; more is a quotation mark that nothing closes


def parse(data: bytes, source: Source) -> Parsed:
    """The decoded text, unchanged, and the table that it is."""
    parsed = plain.parse(data, source)
    text = parsed.text.replace("\0", "")
    table = table_in(text)
    return replace(parsed, text=text, tables=(table,) if table else ())


def table_in(text: str) -> Table | None:
    """The table that a delimited text is; None where it has but one column."""
    delimiter = _delimiter(text[:_HEAD])
    if delimiter is None:
        return None
    head = text[:_HEAD]
    sample = list(islice(_records(head, delimiter), _SAMPLE))
    count = header_rows([[*map(str.strip, row)] for row, _ in sample])
    lines = sample[count - 1][1] if count else 0
    header = sum(map(len, islice(StringIO(head, newline=""), lines)))
    return Table(0, len(text), header, _is_quoted(head, delimiter) or _is_quoted(text, delimiter))


def _delimiter(head: str) -> str | None:
    """The character that cuts most records into the same number of cells, and into the most of them."""
    best, most = None, (0.0, 1)
    for delimiter in filter(head.__contains__, _DELIMITERS):
        widths = Counter(len(row) for row, _ in islice(_records(head, delimiter), _SAMPLE) if row)
        width, count = max(widths.items(), key=lambda item: (item[0] > 1, item[1]), default=(1, 0))
        if width > 1 and (score := (round(count / widths.total(), 1), width)) > most:
            best, most = delimiter, score
    return best if most[0] >= 0.5 else None


def _records(text: str, delimiter: str) -> Iterator[tuple[list[str], int]]:
    """The cells of each record, and the number of lines up to its end."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    try:
        for row in reader:
            yield row, reader.line_num
    except csv.Error:
        return


def _is_quoted(text: str, delimiter: str) -> bool:
    """Whether cells in quotes hold line breaks."""
    if "\n" not in (between := "".join(text.split('"')[1::2])) and "\r" not in between:
        return False  # what stands between every second pair of quotation marks is within a cell
    before, tallest = 0, 1
    for _, line in _records(text, delimiter):
        tallest, before = max(tallest, line - before), line
    return 1 < tallest <= _TALLEST
