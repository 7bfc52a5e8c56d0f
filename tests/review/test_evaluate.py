"""Evaluation: what counts as right, which items answer each other, and what the figures mean."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.errors import UsageError
from extractor.review.alignment import normal, pair_up
from extractor.review.evaluate import Bin, Evaluation, calibration, compare, evaluate
from extractor.review.tables import as_html, as_json, as_text, comparison_as_text
from extractor.schema.pointer import leaves
from tests.samples.register import register_gold

SAME = [
    ("12.50", "12.5"),
    ("12.50", 12.5),
    (3, 3.0),
    ("-0.10", -0.1),
    ("Bäckerei  HOLTMANN", "bäckerei holtmann"),
    (" a\n b ", "A B"),
    ("2026-03-01T09:00:00Z", "2026-03-01T10:00:00+01:00"),
    (True, True),
]
DIFFERENT = [
    ("007", "7"),
    ("1,250", "1250"),
    ("2026-03-01", "2026-01-03"),
    ("2026-03-01", "2026-03-01T00:00:00"),
    (True, 1),
    ("True", True),
    ("2026-99-99", "2026-99-98"),
    ("", "0"),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=20,
)


def score(gold: Any, found: Any) -> Evaluation:
    """One document of each."""
    return evaluate([{"document": "a", "value": found}], [{"document": "a", "value": gold}])


def counts(evaluation: Evaluation) -> dict[str, tuple[int, int, int]]:
    return {field: (one.gold, one.found, one.right) for field, one in evaluation.fields.items()}


@pytest.mark.parametrize(("one", "other"), SAME)
def test_same(one: Any, other: Any) -> None:
    """Numbers are equal by value, moments in time, text without regard to case and white space."""
    assert normal(one) == normal(other)


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different(one: Any, other: Any) -> None:
    """Numbers in text keep their leading zeros, and no kind of value stands for another."""
    assert normal(one) != normal(other)


def test_counts_of_a_field() -> None:
    """Null in gold and nothing extracted is no value; each other case counts on the side that spoke."""
    gold = {"right": "x", "wrong": "x", "missed": "x", "silent": None}
    found = {"right": "X", "wrong": "y", "missed": None, "silent": None, "invented": 1}
    assert counts(score(gold, found)) == {
        "right": (1, 1, 1),
        "wrong": (1, 1, 0),
        "missed": (1, 0, 0),
        "invented": (0, 1, 0),
    }
    total = score(gold, found).total
    assert (total.precision, total.recall, total.f1) == (1 / 3, 1 / 3, 1 / 3)


def test_exact_is_to_the_letter() -> None:
    """`exact` counts what is equal without normalisation, type included."""
    total = score({"a": "1.0", "b": "Kiel", "c": 1}, {"a": 1.0, "b": "Kiel", "c": 1.0}).total
    assert (total.right, total.exact) == (3, 1)


def test_items_are_matched_by_what_tells_them_apart() -> None:
    """Order does not matter; a rare value outweighs many common ones, and a misread key still finds its partner."""
    gold = {"rows": [{"sku": name, "unit": "pcs", "price": "5"} for name in "ABC"]}
    found = {"rows": [{"sku": name, "unit": "pcs", "price": "5"} for name in ("C", "A", "8")]}
    assert counts(score(gold, found)) == {"rows[].sku": (3, 3, 2), "rows[].unit": (3, 3, 3), "rows[].price": (3, 3, 3)}


def test_missing_and_surplus_items() -> None:
    """An item that was not found is missed leaf by leaf; one too many is wrong leaf by leaf."""
    one, two = {"sku": "A", "price": "1"}, {"sku": "B", "price": "2"}
    assert counts(score({"rows": [one, two]}, {"rows": [two]})) == {"rows[].sku": (2, 1, 1), "rows[].price": (2, 1, 1)}
    assert counts(score({"rows": [one]}, {"rows": [one, two]})) == {"rows[].sku": (1, 2, 1), "rows[].price": (1, 2, 1)}


def test_lists_of_scalars_are_bags() -> None:
    """Order does not matter, repetition does."""
    assert counts(score({"tags": ["a", "b", "b"]}, {"tags": ["b", "a", "c"]})) == {"tags[]": (3, 3, 2)}


def test_a_wrong_shape_is_wrong_not_an_error() -> None:
    """Where one side holds an object and the other text, both count and neither is right."""
    total = score({"seller": {"name": "x"}, "rows": [1]}, {"seller": "x", "rows": {"a": 1}}).total
    assert (total.gold, total.found, total.right) == (2, 2, 0)


def test_missing_documents_count_as_missed() -> None:
    """A document without a record, or with no value, is named, and all of its leaves are missed."""
    gold = [{"document": name, "value": {"a": 1, "b": 2}} for name in ("there", "failed", "gone")]
    records = [{"document": "there", "value": {"a": 1, "b": 2}}, {"document": "failed", "value": None}]
    found = evaluate([*records, {"document": "other", "value": {"a": 1}}], gold)
    assert (found.documents, found.perfect, found.missing, found.unjudged) == (3, 1, ("failed", "gone"), ("other",))
    assert found.total.recall == 1 / 3


def test_names_that_never_meet() -> None:
    """Gold of another folder is a usage error that shows a name of each side."""
    with pytest.raises(UsageError, match=r"'a\.txt', records such as 'x/a\.txt'"):
        evaluate([{"document": "x/a.txt", "value": {}}], [{"document": "a.txt", "value": {}}])


def test_calibration() -> None:
    """Each extracted value with a confidence falls into its bin; the gap is weighted by count."""
    confidence = {"/a": 0.95, "/b": 0.95, "/c": 0.5, "/missing": 0.1}
    record = {"document": "a", "value": {"a": 1, "b": 2, "c": 3}, "confidence": confidence}
    found = evaluate([record], [{"document": "a", "value": {"a": 1, "b": 0, "c": 3}}])
    assert [(bin.count, bin.confidence, bin.correct) for bin in found.calibration] == [(1, 0.5, 1.0), (2, 0.95, 0.5)]
    assert found.calibration_error == pytest.approx((0.5 + 2 * 0.45) / 3)


def test_table() -> None:
    """The text names every field, ends with the total, and writes a dash where a figure has nothing to stand on."""
    text = as_text(score({"name": "x", "tax": None}, {"name": "x", "tax": "1"}))
    assert text.splitlines() == [
        "error     document  path  gold  found  place",
        "invented  a         /tax  -     1      -",
        "",
        "1 document with gold, 0 without one wrong value",
        "",
        "field       gold  found  right  exact  precision  recall     F1",
        "---------------------------------------------------------------",
        "name           1      1      1      1      1.000   1.000  1.000",
        "tax            0      1      0      0      0.000       -  0.000",
        "---------------------------------------------------------------",
        "all fields     1      2      1      1      0.500   1.000  0.667",
    ]


def test_json_says_the_same() -> None:
    """The figures for machines are JSON-ready, with null where there is none."""
    figures = json.loads(json.dumps(as_json(score({"tax": None}, {"tax": "1"}))))
    assert figures["fields"]["tax"] == {
        "gold": 0, "found": 1, "right": 0, "exact": 0, "precision": 0.0, "recall": None, "f1": 0.0
    }  # fmt: skip


WHERE = [{"path": "/total", "start": 10, "end": 14, "page": 2, "tier": "exact"}]


def errors(found: Any, gold: Any, **more: Any) -> list[tuple[Any, ...]]:
    lines = [{"document": "a", "value": gold, **more}]
    judged = evaluate([{"document": "a", "value": found, "evidence": WHERE}], lines)
    return [(one.kind, one.path, one.gold, one.found, one.start, one.end, one.page) for one in judged.errors]


def test_every_error_is_named() -> None:
    """Each leaf that is wrong, missing or invented, with its place: of the evidence, or the one that gold states."""
    gold = {"total": "9.50", "tax": None, "number": "7", "rows": [{"sku": "A"}, {"sku": "B"}]}
    found = {"total": "9.05", "tax": "1", "number": None, "rows": [{"sku": "A"}]}
    assert errors(found, gold, spans={"/number": [[5, 6]]}) == [
        ("wrong", "/total", "9.50", "9.05", 10, 14, 2),
        ("invented", "/tax", None, "1", None, None, None),
        ("missing", "/number", "7", None, 5, 6, None),
        ("missing", "/rows/1/sku", "B", None, None, None, None),
    ]


@given(JSON, JSON)
def test_errors_and_figures_agree(gold: Any, found: Any) -> None:
    """Every leaf of either side is right, or an error that is named."""
    judged = score(gold, found)
    kinds = Counter(error.kind for error in judged.errors)
    assert judged.total.right + kinds["wrong"] + kinds["missing"] == judged.total.gold
    assert judged.total.right + kinds["wrong"] + kinds["invented"] == judged.total.found


@given(JSON, JSON, JSON)
def test_comparing_two_runs(gold: Any, one: Any, other: Any) -> None:
    """Errors that are gone and errors that are new explain the whole difference; a run is no better than itself."""
    before, after = score(gold, one), score(gold, other)
    found = compare(before, after)
    assert len(before.errors) - len(found.better) + len(found.worse) == len(after.errors)
    assert compare(before, before).better == compare(before, before).worse == ()


def test_better_and_worse_as_text() -> None:
    """Both lists, then the figures of both runs side by side."""
    gold = {"total": "9.50", "tax": None}
    text = comparison_as_text(compare(score(gold, {"total": "9.05"}), score(gold, {"total": "9.50", "tax": "1"})))
    assert text.splitlines() == [
        "better: errors that are gone",
        "error  document  path    gold  found  place",
        "wrong  a         /total  9.50  9.05   -",
        "",
        "worse: new errors",
        "error     document  path  gold  found  place",
        "invented  a         /tax  -     1      -",
        "",
        "field       F1 before  after  change",
        "------------------------------------",
        "total           0.000  1.000  +1.000",
        "tax                 -  0.000       -",
        "------------------------------------",
        "all fields      0.000  0.667  +0.667",
        "documents without one wrong value: 0 before, 0 after",
    ]


def test_a_page_of_hostile_values_is_inert() -> None:
    """Names and values are text in the page, never markup."""
    hostile = "<script>alert(1)</script>"
    page = as_html(score({"a": hostile}, {"a": '"><img src=x onerror=alert(1)>'}), hostile)
    tags = re.findall(r"<([a-z1-9]+)", page)
    assert not {"script", "img"} & set(tags)
    assert page.count("&lt;script&gt;") == 3


def test_values_steer_no_terminal() -> None:
    """A value with control characters is on one line, escaped."""
    (line,) = (line for line in as_text(score({"a": "x"}, {"a": "1\x1b[31m\n2"})).splitlines() if "wrong  " in line)
    assert line.isprintable()


@given(JSON)
def test_a_value_answers_itself(value: Any) -> None:
    """Compared with itself, every leaf is right and at its own place."""
    pairs = list(pair_up(value, value))
    assert all(pair.right for pair in pairs)
    assert sorted(str(pair.pointer) for pair in pairs) == sorted(at for at, leaf in leaves(value) if leaf is not None)


@given(JSON, JSON)
def test_every_leaf_is_counted_once(gold: Any, found: Any) -> None:
    """Whatever the shapes, each leaf of either side is in exactly one pair."""
    pairs = list(pair_up(gold, found))
    assert sum(pair.gold is not None for pair in pairs) == sum(leaf is not None for _, leaf in leaves(gold))
    places = [pair.pointer for pair in pairs if pair.found is not None]
    assert sorted(map(str, places)) == sorted(at for at, leaf in leaves(found) if leaf is not None)


def test_hundreds_of_records_in_any_order() -> None:
    """The register backwards, without its last ten records, scores what it should."""
    value = register_gold()["value"]
    some = {"companies": value["companies"][-11::-1]}
    number = score(value, some).fields["companies[].number"]
    assert (number.gold, number.found, number.right) == (730, 720, 720)


def test_many_like_items_stay_cheap() -> None:
    """Thousands of equal items are paired one to one, without comparing all with all."""
    rows = {"rows": [{"unit": "pcs"} for _ in range(20_000)]}
    total = score(rows, rows).total
    assert total.gold == total.found == total.right == 20_000


def test_calibration_in_steps() -> None:
    """Bins tell how often values of like confidence are right; empty bins are left out."""
    pairs = [(0.95, True), (0.91, False), (1.0, True), (0.5, True), (0.55, False), (0.0, False)]
    assert calibration(pairs, bins=10) == (
        Bin(0.0, 0.1, 1, 0.0, 0.0),
        Bin(0.5, 0.6, 2, 0.525, 0.5),
        Bin(0.9, 1.0, 3, pytest.approx(2.86 / 3), pytest.approx(2 / 3)),
    )
    assert calibration([]) == ()
