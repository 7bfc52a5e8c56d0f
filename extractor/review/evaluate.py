"""Records compared with gold answers: precision, recall and F1 of each field, and how far confidence can be trusted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any, Literal

from extractor.errors import UsageError
from extractor.review.alignment import Pair, normal, pair_up
from extractor.schema.pointer import JSON

__all__ = ["Bin", "Comparison", "Error", "Evaluation", "Score", "calibration", "compare", "evaluate"]

Kind = Literal["wrong", "missing", "invented"]


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
class Error:
    """One leaf that is not as gold has it.

    It is "wrong" where both have a value, "missing" where gold alone has one, "invented" where gold has none. `path`
    points into the extracted value, or for a missing leaf into gold; `field` is the same without positions, as in
    `lines[].amount`. `start`, `end` and `page` are its place in the text of the document: that of what was found, or
    that which gold states for what is missing; None where it is not known.
    """

    kind: Kind
    document: str
    path: str
    field: str
    gold: JSON
    found: JSON
    start: int | None = None
    end: int | None = None
    page: int | None = None
    at: str | None = dataclass_field(default=None, repr=False)

    @property
    def identity(self) -> tuple[Any, ...]:
        """The same for the same leaf in two runs: its place in gold, or for what was invented the value itself."""
        return (self.document, self.at) if self.at is not None else (self.document, self.field, normal(self.found))


@dataclass(frozen=True, slots=True)
class Bin:
    """Values whose confidence lies in [low, high): how many, their mean confidence, and the share that is right."""

    low: float
    high: float
    count: int
    confidence: float
    correct: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A comparison: `fields` in the order in which they appear, `perfect` documents without one wrong leaf.

    `missing` are documents of gold without a record or a value; all they should hold counts as missed. `errors` are
    all leaves that are wrong, missing or invented, document by document.

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
    errors: tuple[Error, ...] = ()

    @property
    def calibration_error(self) -> float | None:
        """The gap between confidence and the share that is right, averaged over values; None without any."""
        count = sum(bin.count for bin in self.calibration)
        return sum(abs(bin.confidence - bin.correct) * bin.count for bin in self.calibration) / count if count else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs against the same gold: the errors of `before` that `after` does not have, and the other way round."""

    before: Evaluation
    after: Evaluation
    better: tuple[Error, ...]
    worse: tuple[Error, ...]


def compare(before: Evaluation, after: Evaluation) -> Comparison:
    """What got better and what got worse from one run to another. Equal values that were invented count one by one."""
    return Comparison(before, after, _less(before.errors, after.errors), _less(after.errors, before.errors))


def _less(errors: Iterable[Error], others: Iterable[Error]) -> tuple[Error, ...]:
    left = Counter(error.identity for error in others)
    found = []
    for error in errors:
        if left[error.identity]:
            left[error.identity] -= 1
        else:
            found.append(error)
    return tuple(found)


def evaluate(records: Iterable[Mapping[str, Any]], gold: Iterable[Mapping[str, Any]]) -> Evaluation:
    """Compare lines of records.jsonl with lines of a gold file, document by document.

    >>> from extractor import evaluate
    >>> gold = {"document": "a.txt", "value": {"total": "9.50", "tax": None}}
    >>> found = {"document": "a.txt", "value": {"total": "9.05", "tax": None}}
    >>> [(error.kind, error.path, error.gold, error.found) for error in evaluate([found], [gold]).errors]
    [('wrong', '/total', '9.50', '9.05')]
    """
    answers = {line["document"]: line for line in gold}
    tally = _Tally()
    unjudged = []
    for record in records:
        name = record["document"]
        if name in answers:
            tally.add(answers.pop(name), record)
        else:
            unjudged.append(name)
    if not tally.documents and answers:
        found = f"such as {unjudged[0]!r}" if unjudged else "and there are no records"
        raise UsageError(
            f"no record has the name of a gold document: gold has {next(iter(answers))!r}, records {found}"
        )
    for name, line in answers.items():
        tally.add(line, {"document": name, "value": None})
    return tally.result(tuple(unjudged))


def calibration(pairs: Sequence[tuple[float, bool]], *, bins: int = 10) -> tuple[Bin, ...]:
    """How confidence (0 to 1) matches correctness, in equal steps; steps without a value are left out."""
    found = []
    for number in range(bins):
        low, high = number / bins, (number + 1) / bins
        inside = [(likely, right) for likely, right in pairs if low <= likely < high or (likely == high == 1.0)]
        if inside:
            likely = sum(one for one, _ in inside) / len(inside)
            found.append(Bin(low, high, len(inside), likely, sum(right for _, right in inside) / len(inside)))
    return tuple(found)


class _Tally:
    """Counts, as documents pass."""

    def __init__(self) -> None:
        self.documents = self.perfect = 0
        self.missing: list[str] = []
        self.counts: dict[str, Counter[str]] = {}
        self.judged: list[tuple[float, bool]] = []
        self.errors: list[Error] = []

    def add(self, gold: Mapping[str, Any], record: Mapping[str, Any]) -> None:
        self.documents += 1
        self.missing += [record["document"]] * (record["value"] is None and gold["value"] is not None)
        pairs = list(pair_up(gold["value"], record["value"]))
        self.perfect += all(pair.right for pair in pairs)
        confidence = record.get("confidence") or {}
        for pair in pairs:
            self.counts.setdefault(pair.field, Counter()).update(_facts(pair))
            if pair.pointer is not None and pair.pointer in confidence:
                self.judged.append((confidence[pair.pointer], pair.right))
        if wrong := [pair for pair in pairs if not pair.right]:
            self.errors += _errors(wrong, gold, record)

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
            errors=tuple(self.errors),
        )


def _errors(pairs: Iterable[Pair], gold: Mapping[str, Any], record: Mapping[str, Any]) -> Iterator[Error]:
    """The pairs that are not right, with their places: of evidence, or of the `spans` that a line of gold may have."""
    evidence = {line["path"]: line for line in reversed(record.get("evidence") or ())}
    spans = gold.get("spans") or {}
    for pair in pairs:
        kind: Kind = "invented" if pair.gold is None else "missing" if pair.found is None else "wrong"
        path = pair.at if pair.pointer is None else pair.pointer
        line = evidence.get(path or "", {}) if pair.pointer is not None else {}
        stated = next(iter(spans.get(pair.at) or ()), (None, None))
        start, end = (line["start"], line["end"]) if line else stated
        yield Error(
            kind=kind,
            document=record["document"],
            path=path or "",
            field=pair.field,
            gold=pair.gold,
            found=pair.found,
            start=start,
            end=end,
            page=line.get("page"),
            at=pair.at,
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
