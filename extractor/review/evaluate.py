"""Records compared with gold answers: precision, recall and F1 of each field, and how far confidence can be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from extractor.errors import UsageError
from extractor.extraction.confidence import Bin, calibration
from extractor.review.alignment import Pair, pair_up

__all__ = ["Evaluation", "Score", "evaluate"]


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of leaves: in gold, extracted, extracted rightly, and rightly to the letter."""

    gold: int
    found: int
    right: int
    exact: int

    @property
    def precision(self) -> float | None:
        """The right ones among the extracted; None where nothing was extracted."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """The right ones among those in gold; None where gold has none."""
        return self.right / self.gold if self.gold else None

    @property
    def f1(self) -> float | None:
        """The harmonic mean of the two; None where there was nothing to extract and nothing was."""
        return 2 * self.right / (self.gold + self.found) if self.gold + self.found else None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A comparison: `fields` in the order in which they appear, `perfect` documents without one wrong leaf.

    `missing` are documents of gold without a record or a value; all they should hold counts as missed.

    >>> from extractor import evaluate
    >>> gold = [{"document": "a.txt", "value": {"total": "9.50", "date": "2026-03-01"}}]
    >>> evaluate([{"document": "a.txt", "value": {"total": "9.50", "date": "2026-01-03"}}], gold).total.f1
    0.5
    """

    documents: int
    perfect: int
    missing: tuple[str, ...]
    unjudged: tuple[str, ...]
    fields: Mapping[str, Score]
    total: Score
    calibration: tuple[Bin, ...]

    @property
    def calibration_error(self) -> float | None:
        """The gap between confidence and the share that is right, averaged over values; None without any."""
        count = sum(bin.count for bin in self.calibration)
        return sum(abs(bin.confidence - bin.correct) * bin.count for bin in self.calibration) / count if count else None


def evaluate(records: Iterable[Mapping[str, Any]], gold: Iterable[Mapping[str, Any]]) -> Evaluation:
    """Compare lines of records.jsonl with lines of a gold file, document by document.

    >>> from extractor import evaluate
    >>> line = {"document": "a.txt", "value": {"total": "9.50"}}
    >>> evaluate([line], [line]).perfect
    1
    """
    answers = {line["document"]: line["value"] for line in gold}
    tally = _Tally()
    unjudged = []
    for record in records:
        name = record["document"]
        if name in answers:
            tally.add(name, answers.pop(name), record["value"], record.get("confidence") or {})
        else:
            unjudged.append(name)
    if not tally.documents and answers:
        found = f"such as {unjudged[0]!r}" if unjudged else "and there are no records"
        raise UsageError(
            f"no record has the name of a gold document: gold has {next(iter(answers))!r}, records {found}"
        )
    for name, answer in answers.items():
        tally.add(name, answer, None, {})
    return tally.result(tuple(unjudged))


class _Tally:
    """Counts, as documents pass."""

    def __init__(self) -> None:
        self.documents = self.perfect = 0
        self.missing: list[str] = []
        self.counts: dict[str, Counter[str]] = {}
        self.judged: list[tuple[float, bool]] = []

    def add(self, name: str, gold: Any, found: Any, confidence: Mapping[str, float]) -> None:
        self.documents += 1
        self.missing += [name] * (found is None and gold is not None)
        pairs = list(pair_up(gold, found))
        self.perfect += all(pair.right for pair in pairs)
        for pair in pairs:
            self.counts.setdefault(pair.field, Counter()).update(_facts(pair))
            if pair.pointer is not None and pair.pointer in confidence:
                self.judged.append((confidence[pair.pointer], pair.right))

    def result(self, unjudged: tuple[str, ...]) -> Evaluation:
        fields = {field: _score(counts) for field, counts in self.counts.items()}
        return Evaluation(
            documents=self.documents,
            perfect=self.perfect,
            missing=tuple(self.missing),
            unjudged=unjudged,
            fields=fields,
            total=_score(sum(self.counts.values(), Counter())),
            calibration=calibration(self.judged),
        )


def _facts(pair: Pair) -> Iterator[str]:
    if pair.gold is not None:
        yield "gold"
    if pair.found is not None:
        yield "found"
    if pair.right:
        yield "right"
        if type(pair.gold) is type(pair.found) and pair.gold == pair.found:
            yield "exact"


def _score(counts: Counter[str]) -> Score:
    return Score(*(counts[fact] for fact in ("gold", "found", "right", "exact")))
