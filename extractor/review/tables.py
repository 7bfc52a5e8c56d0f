"""An evaluation as people read it in a terminal, and as machines read it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from html import escape
from typing import Any

from extractor.review.evaluate import Comparison, Error, Evaluation, Score
from extractor.schema.pointer import JSON

__all__ = ["as_html", "as_json", "as_text", "comparison_as_json", "comparison_as_text"]

_HEAD = ("field", "gold", "found", "right", "exact", "precision", "recall", "F1")
_ALL = "all fields"  # a field of the schema may be named "total"
_ERROR_HEAD = ("error", "document", "path", "gold", "found", "place")
_NAMED = 5
_WIDEST = 48  # characters of a value; JSON and HTML have all of it
_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 15px/1.5 system-ui, sans-serif; }}
body {{ max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }}
div {{ overflow-x: auto; }}
table {{ border-collapse: collapse; margin: 1rem 0; }}
th, td {{ padding: 0.2rem 0.8rem 0.2rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid #8884; }}
.figures :is(th, td):not(:first-child) {{ text-align: right; font-variant-numeric: tabular-nums; }}
</style>
<body>
{body}
</body>
</html>
"""


def as_text(evaluation: Evaluation) -> str:
    """Every error, then a line of documents, the table of fields with its total, and the table of confidence."""
    errors = [*_errors(evaluation.errors), ""] if evaluation.errors else []
    return "\n".join([*errors, *_documents(evaluation), "", *_fields(evaluation), *_calibration(evaluation)])


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """The same as JSON-ready values; a figure that has nothing to stand on is None."""
    return {
        "documents": evaluation.documents,
        "perfect": evaluation.perfect,
        "missing": list(evaluation.missing),
        "unjudged": list(evaluation.unjudged),
        "fields": {field: _figures(score) for field, score in evaluation.fields.items()},
        "total": _figures(evaluation.total),
        "errors": [_error(error) for error in evaluation.errors],
        "calibration": [asdict(bin) for bin in evaluation.calibration],
        "calibration_error": evaluation.calibration_error,
    }


def as_html(evaluation: Evaluation, title: str) -> str:
    """The same as one page without scripts; nothing of a document is ever markup."""
    errors = [_error_cells(error) for error in evaluation.errors]
    fields = [_row(field, score) for field, score in evaluation.fields.items()]
    parts = [f"<h1>{escape(title)}</h1>", *(f"<p>{escape(line)}</p>" for line in _documents(evaluation))]
    parts += [_table(_HEAD, [*fields, _row(_ALL, evaluation.total)], "figures")]
    parts += ["<h2>Errors</h2>", _table(_ERROR_HEAD, errors, "errors") if errors else "<p>None.</p>"]
    return _PAGE.format(title=escape(title), body="\n".join(parts))


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], name: str) -> str:
    lines = ["".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rows]
    titles = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "\n".join(f"<tr>{line}</tr>" for line in lines)
    return f'<div><table class="{name}"><thead><tr>{titles}</tr></thead>\n<tbody>{body}</tbody></table></div>'


def comparison_as_text(comparison: Comparison) -> str:
    """What got better and what got worse, and the figures of both runs side by side."""
    lines: list[str] = []
    for label, errors in (("better: errors that are gone", comparison.better), ("worse: new errors", comparison.worse)):
        lines += [label, *(_errors(errors) if errors else ["none"]), ""]
    before, after = comparison.before, comparison.after
    names = list(dict.fromkeys([*before.fields, *after.fields]))
    rows = [(name, *_change(before.fields.get(name), after.fields.get(name))) for name in names]
    table = _columns([("field", "F1 before", "after", "change"), *rows, (_ALL, *_change(before.total, after.total))])
    perfect = f"documents without one wrong value: {before.perfect} before, {after.perfect} after"
    return "\n".join([*lines, *_ruled(table), perfect])


def comparison_as_json(comparison: Comparison) -> dict[str, Any]:
    """The same as JSON-ready values."""
    return {
        "before": as_json(comparison.before),
        "after": as_json(comparison.after),
        "better": [_error(error) for error in comparison.better],
        "worse": [_error(error) for error in comparison.worse],
    }


def _change(before: Score | None, after: Score | None) -> tuple[str, str, str]:
    old, new = before.f1 if before else None, after.f1 if after else None
    return _share(old), _share(new), "-" if old is None or new is None else f"{new - old:+.3f}"


def _errors(errors: Sequence[Error]) -> list[str]:
    """A table with a line for each error: which leaf of which document, what gold has, what was found, and where."""
    rows = [tuple(_legible(cell) for cell in _error_cells(error)) for error in errors]
    return [line.rstrip() for line in _columns([_ERROR_HEAD, *rows], right=False)]


def _error_cells(error: Error) -> tuple[str, ...]:
    return (error.kind, error.document, error.path or "/", _text(error.gold), _text(error.found), _place(error))


def _text(value: JSON) -> str:
    return "-" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _legible(text: str) -> str:
    """The text on one line that steers no terminal, cut where it is long."""
    text = text if text.isprintable() else json.dumps(text)
    return text if len(text) <= _WIDEST else f"{text[: _WIDEST - 1]}…"


def _place(error: Error) -> str:
    parts = [f"page {error.page}"] if error.page is not None else []
    parts += [f"characters {error.start} to {error.end}"] if error.start is not None else []
    return ", ".join(parts) or "-"


def _error(error: Error) -> dict[str, Any]:
    return {name: value for name, value in asdict(error).items() if name != "at"}


def _figures(score: Score) -> dict[str, float | int | None]:
    return {**asdict(score), "precision": score.precision, "recall": score.recall, "f1": score.f1}


def _documents(evaluation: Evaluation) -> Iterator[str]:
    count = evaluation.documents
    yield f"{count} document{'s' * (count != 1)} with gold, {evaluation.perfect} without one wrong value"
    for label, names in (
        ("missing, all of it counted as missed", evaluation.missing),
        ("no gold", evaluation.unjudged),
    ):
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            yield f"{label}: {', '.join(names[:_NAMED])}{more}"


def _fields(evaluation: Evaluation) -> list[str]:
    rows = [_row(field, score) for field, score in evaluation.fields.items()]
    return _ruled(_columns([_HEAD, *rows, _row(_ALL, evaluation.total)]))


def _ruled(lines: list[str]) -> list[str]:
    """A table with rules below its header and above its total."""
    return [lines[0], "-" * len(lines[0]), *lines[1:-1], "-" * len(lines[0]), lines[-1]]


def _calibration(evaluation: Evaluation) -> list[str]:
    if not evaluation.calibration:
        return []
    rows = [
        (f"{bin.low:.1f} to {bin.high:.1f}", str(bin.count), _share(bin.confidence), _share(bin.correct))
        for bin in reversed(evaluation.calibration)
    ]
    gap = _share(evaluation.calibration_error)
    return ["", *_columns([("confidence", "values", "mean", "right"), *rows]), f"mean gap {gap}"]


def _row(field: str, score: Score) -> tuple[str, ...]:
    counts = (score.gold, score.found, score.right, score.exact)
    return (field, *map(str, counts), *map(_share, (score.precision, score.recall, score.f1)))


def _share(figure: float | None) -> str:
    return "-" if figure is None else f"{figure:.3f}"


def _columns(rows: Sequence[Sequence[str]], *, right: bool = True) -> list[str]:
    """Rows as lines: the first column to the left, the others to the `right` or to the left as well."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place and right else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
