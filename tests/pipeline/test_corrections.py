"""Corrections: steps applied to extracted values, found again in the records of a later run, and never lost."""

from __future__ import annotations

import json
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.errors import Problem, UsageError
from extractor.pipeline.corrections import (
    Corrections,
    Step,
    append_step,
    applied,
    as_extracted,
    read_corrections,
    reviewed,
)
from extractor.pipeline.result import flags, is_flagged

ROWS = [{"sku": "A", "qty": 1}, {"sku": "B", "qty": 1}, {"sku": "C", "qty": 9}]
VALUE = {"total": "5", "tax": None, "seller": {"name": "x"}, "lines": ROWS}


def step(action: str, path: str, value: Any = None, rows: Any = (), number: int = 0, **more: Any) -> Step:
    """A step about the document "a"."""
    more = {"document": "a", "sha256": "", "at": "", **more}
    return Step(id=f"{action} {path} {number}", action=action, path=path, value=value, rows=list(rows), **more)


def record(value: Any, **changes: Any) -> dict[str, Any]:
    return {"document": "a", "sha256": "", "status": "ok", "value": value, "evidence": [], "problems": [], **changes}


CASES = [
    ([step("correct", "/total", "6")], {**VALUE, "total": "6"}),
    ([step("missing", "/tax", "1")], {**VALUE, "tax": "1"}),
    ([step("invented", "/total")], {**VALUE, "total": None}),
    ([step("accept", "/total", "5")], VALUE),
    ([step("correct", "/total", "6"), step("correct", "/total", "7", number=1)], {**VALUE, "total": "7"}),
    ([step("correct", "/lines/1/qty", 2, [ROWS[1]])], {**VALUE, "lines": [ROWS[0], {"sku": "B", "qty": 2}, ROWS[2]]}),
    ([step("invented", "/lines/0", None, [ROWS[0]])], {**VALUE, "lines": ROWS[1:]}),
    ([step("missing", "/lines/3", {"sku": "D"}, [None])], {**VALUE, "lines": [*ROWS, {"sku": "D"}]}),
    (
        [
            step("missing", "/lines/3", {"sku": "D"}, [None]),
            step("correct", "/lines/3/sku", "E", [None]),
            step("invented", "/lines/1", None, [ROWS[1]]),
        ],
        {**VALUE, "lines": [ROWS[0], ROWS[2], {"sku": "E"}]},
    ),
    (
        [step("invented", "/lines/0", None, [ROWS[0]]), step("correct", "/lines/0/qty", 3, [ROWS[0]])],
        {**VALUE, "lines": [{"sku": "A", "qty": 3}, *ROWS[1:]]},
    ),
    ([step("correct", "", {"total": "1"})], {"total": "1"}),
]


@pytest.mark.parametrize(("steps", "value"), CASES)
def test_steps_change_the_value(steps: list[Step], value: Any) -> None:
    """Each step does what it says, later ones after earlier ones; what was extracted stays as it was."""
    before = json.dumps(VALUE)
    assert reviewed(VALUE, steps).value == value
    assert json.dumps(VALUE) == before


LATER = [
    ("rows in another order", ROWS[::-1], 2),
    ("a row before it", [{"sku": "Z", "qty": 7}, *ROWS], 1),
    ("a row that says more", [ROWS[1], {"sku": "A", "qty": 1, "unit": "m"}], 1),
    ("the row is not there", ROWS[1:], None),
    ("no list at all", None, None),
]


@pytest.mark.parametrize(("rows", "index"), [case[1:] for case in LATER], ids=[case[0] for case in LATER])
def test_a_row_is_found_again_in_a_later_run(rows: Any, index: int | None) -> None:
    """A correction follows its row; where that is not there any more, it changes no other row, and is told as stale."""
    one = step("correct", "/lines/0/qty", 5, [{"sku": "A", "qty": 1}])
    review = reviewed({"lines": rows}, [one])
    assert review.stale == ((one,) if index is None else ())
    if index is not None:
        rows = [*rows[:index], {**rows[index], "qty": 5}, *rows[index + 1 :]]
    assert review.value == {"lines": rows}


def test_a_row_that_alone_is_most_alike_is_the_same_row() -> None:
    """A row that a later run reads better in one field keeps the correction of another field."""
    old = {"sku": "A", "text": "bolt", "qty": 1}
    new = [{"sku": "B", "text": "nut", "qty": 1}, {"sku": "A", "text": "bolt", "qty": 4}]
    assert reviewed(new, [step("correct", "/0/text", "Bolt", [old])]).value[1]["text"] == "Bolt"


def test_an_added_row_that_a_later_run_finds_itself_is_there_once() -> None:
    """An addition replaces the row that the run found since; equal rows that were there before do not count."""
    addition = step("missing", "/lines/3", {"sku": "D", "qty": 4}, [None])
    assert reviewed({"lines": [*ROWS, {"sku": "D", "qty": 4}]}, [addition]).value["lines"][3:] == [
        {"sku": "D", "qty": 4}
    ]
    second = step("missing", "/lines/3", dict(ROWS[0]), [None])
    assert reviewed(VALUE, [second]).value["lines"] == [*ROWS, ROWS[0]]


def test_an_accepted_document_stays_accepted() -> None:
    """Who accepted a whole document gets that value from every later run, whatever that reads."""
    whole = step("accept", "", VALUE)
    assert reviewed({"total": "9", "lines": []}, [whole]).value == VALUE


def test_a_corrected_record() -> None:
    """It says that it is corrected, what was reviewed and what was extracted; evidence of other values moves along."""
    evidence = [
        {"path": "/total", "start": 0, "end": 1, "page": None, "tier": "exact"},
        {"path": "/lines/0/sku", "start": 2, "end": 3, "page": None, "tier": "exact"},
        {"path": "/lines/2/sku", "start": 4, "end": 5, "page": None, "tier": "none"},
    ]
    extracted = record(VALUE, evidence=evidence, confidence={"/total": 0.9, "/lines/2/sku": 0.5})
    steps = [step("correct", "/total", "6"), step("invented", "/lines/0", None, [ROWS[0]])]
    found = applied(extracted, steps)
    assert found["corrected"] is True
    assert found["value"] == {**VALUE, "total": "6", "lines": ROWS[1:]}
    assert [line["path"] for line in found["evidence"]] == ["/lines/1/sku"]
    assert found["confidence"] == {"/lines/1/sku": 0.5}
    assert found["reviewed"] == [{"path": "/total", "action": "correct"}]
    assert as_extracted(found) == extracted
    assert applied(found, steps) == found
    assert applied(found, []) == extracted


def test_reviewed_values_are_not_flagged() -> None:
    """One definition: not in the source and not reviewed. A document is flagged by that, or by not being ok."""
    nowhere = {"start": None, "end": None, "page": None, "tier": "none"}
    evidence = [{"path": path, **nowhere} for path in ("/total", "/seller/name")]
    extracted = record(VALUE, evidence=evidence)
    assert (flags(extracted), is_flagged(extracted)) == (["/total", "/seller/name"], True)
    half = applied(extracted, [step("accept", "/seller", {"name": "x"})])
    assert (flags(half), half["corrected"]) == (["/total"], False)
    assert not is_flagged(applied(half, [step("accept", "", VALUE)]))
    assert is_flagged(record(None, status="failed"))


def test_the_status_follows_the_review() -> None:
    """A problem is settled where somebody decided; what the schema refuses is a problem; no value has failed."""
    problem = {"path": "/total", "message": "is wrong"}
    partial = record(VALUE, status="partial", problems=[problem])
    right = [step("correct", "/total", "6")]
    assert applied(partial, [step("accept", "/tax")])["status"] == "partial"
    assert applied(partial, right)["status"] == "ok"
    wrong = applied(partial, right, check=lambda value, kind: [Problem("/tax", "is missing")])
    assert (wrong["status"], wrong["problems"]) == ("partial", [{"path": "/tax", "message": "is missing"}])
    assert applied(record(None, status="failed"), [step("missing", "", VALUE)])["status"] == "ok"


def test_only_the_same_bytes_are_corrected() -> None:
    """Steps about a file that has changed since do not apply; they are not lost either."""
    corrections = Corrections({"a": [step("correct", "/total", "6")]})
    assert corrections.of(record(VALUE, sha256="other")) == []
    assert len(corrections.of(record(VALUE))) == 1


def test_steps_are_stored_line_by_line(tmp_path: Path) -> None:
    """A line is whole or does not count; what is undone does not hold; a broken line is named."""
    append_step(tmp_path, step("correct", "/total", "6"))
    with (tmp_path / "corrections.jsonl").open("ab") as file:
        file.write(b'{"id": "of a process that was ki')
    assert len(read_corrections(tmp_path).steps["a"]) == 1
    append_step(tmp_path, step("accept", "/tax"))
    with pytest.raises(UsageError, match=r"corrections\.jsonl:2 is not a correction"):
        read_corrections(tmp_path)
    lines = (tmp_path / "corrections.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "corrections.jsonl").write_bytes(lines[0] + lines[2])
    append_step(tmp_path, {"action": "undo", "document": "a", "step": "correct /total 0"})
    assert [one.path for one in read_corrections(tmp_path).steps["a"]] == ["/tax"]


def test_no_step_is_lost_to_another(tmp_path: Path) -> None:
    """Many writers at once leave as many whole lines."""

    def write(writer: int) -> None:
        for number in range(25):
            append_step(tmp_path, step("correct", "/total", "x" * 5000, number=100 * writer + number))

    writers = [Thread(target=write, args=(writer,)) for writer in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert len(read_corrections(tmp_path).steps["a"]) == 100


def test_records_of_other_documents_stay_as_they_are(tmp_path: Path) -> None:
    """Only the records of reviewed documents are changed."""
    append_step(tmp_path, step("correct", "/total", "6"))
    corrections, other = read_corrections(tmp_path), {"document": "b", "value": 1}
    assert corrections.applied(other) == other
    assert corrections.applied(record(VALUE))["value"]["total"] == "6"


values = st.recursive(
    st.none() | st.integers(0, 3) | st.sampled_from("ab"),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["x", "y", "0"]), inner, max_size=3),
    max_leaves=12,
)
paths = st.lists(st.sampled_from(["x", "y", "0", "1", "2"]), max_size=4).map(
    lambda names: "".join(map("/{}".format, names))
)
steps = st.builds(
    step,
    st.sampled_from(["accept", "correct", "missing", "invented"]),
    paths,
    values,
    st.lists(values, max_size=3),
    st.integers(0, 10**6),
)


@given(values, st.lists(steps, max_size=6))
def test_any_steps_on_any_value(value: Any, some: list[Step]) -> None:
    """Whatever a later run has read, steps apply or are stale; what was extracted comes back, and twice is once."""
    extracted = record(value)
    found = applied(extracted, some)
    assert as_extracted(found) == extracted
    assert applied(found, some) == found
