"""An evaluation as people read it in a terminal, and as machines read it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from extractor.review.evaluate import Evaluation, Score

__all__ = ["as_json", "as_text"]

_HEAD = ("field", "gold", "found", "right", "exact", "precision", "recall", "F1")
_NAMED = 5


def as_text(evaluation: Evaluation) -> str:
    """A line of documents, the table of fields with its total, and the table of confidence."""
    return "\n".join([*_documents(evaluation), "", *_fields(evaluation), *_calibration(evaluation)])


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """The same as JSON-ready values; a figure that has nothing to stand on is None."""
    return {
        "documents": evaluation.documents,
        "perfect": evaluation.perfect,
        "missing": list(evaluation.missing),
        "unjudged": list(evaluation.unjudged),
        "fields": {field: _figures(score) for field, score in evaluation.fields.items()},
        "total": _figures(evaluation.total),
        "calibration": [
            {"low": bin.low, "high": bin.high, "count": bin.count, "confidence": bin.confidence, "correct": bin.correct}
            for bin in evaluation.calibration
        ],
        "calibration_error": evaluation.calibration_error,
    }


def _figures(score: Score) -> dict[str, float | int | None]:
    counts = {"gold": score.gold, "found": score.found, "right": score.right, "exact": score.exact}
    return {**counts, "precision": score.precision, "recall": score.recall, "f1": score.f1}


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
    lines = _columns([_HEAD, *rows, _row("total", evaluation.total)])
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


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Rows as lines: the first column to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
