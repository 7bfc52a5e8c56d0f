"""The review page: whole, self-contained, inert against what documents hold, and true to the records."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from extractor.errors import UsageError
from extractor.review.files import schema_of_run
from extractor.review.report import write_report
from extractor.review.server import Run
from tests.review.kit import Page, output, record

HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "<img src=x onerror=alert(1)>",
    "]]> & &lt; &amp; \"double\" 'single' `back`",
    "{style} {script} {policy} <!-- documents -->",
    "\u2028 \u2029 \u202e reversed",
    "\x00 \x07 \x1b[31m \x7f \r\n",
]


def page(folder: Path, *args: object, **named: object) -> Page:
    return Page(write_report(output(folder, *args, **named)))  # type: ignore[arg-type]


def test_values_stand_beside_their_evidence(tmp_path: Path) -> None:
    """Each leaf is a row with its tier and its marks; each mark is a piece of the source text."""
    spans = {"/merchant": (0, 5, "exact"), "/total": (12, 16, "normalised"), "/date": ()}
    value = {"merchant": "Dunmo", "total": "3.5", "date": "2026-01-01", "tax": None}
    found = page(tmp_path, [record("a.txt", value, spans)], {"a.txt": "Dunmo, paid 3,50"}).document
    assert [(row["path"], row.get("tier"), row.get("places")) for row in found["fields"]] == [
        ("/merchant", "exact", [{"mark": 0}]),
        ("/total", "normalised", [{"mark": 1}]),
        ("/date", "none", []),
        ("/tax", None, None),
    ]
    assert found["pieces"] == [["Dunmo", [0]], ", paid ", ["3,50", [1]]]


def test_nested_values_keep_their_order_and_depth(tmp_path: Path) -> None:
    """Objects and lists are rows of their own, above what they hold; items are counted from one."""
    value = {"seller": {"name": "x"}, "lines": [{"sku": "A"}, {"sku": "B"}]}
    rows = page(tmp_path, [record("a", value)]).document["fields"]
    assert [(row["depth"], row["name"], row.get("holds")) for row in rows] == [
        (0, "seller", 1),
        (1, "name", None),
        (0, "lines", 2),
        (1, "1", 1),
        (2, "sku", None),
        (1, "2", 1),
        (2, "sku", None),
    ]


def test_lines_and_flags(tmp_path: Path) -> None:
    """The list has a line for each document: a value not in the source is a flag, low confidence alone is none."""
    unsure = record(
        "b", {"x": 1, "y": 2}, {"/x": (0, 1, "fuzzy"), "/y": (0, 1, "exact")}, confidence={"/x": 0.6, "/y": 0.9}
    )
    failed = record("c", None, status="failed", problems=[{"path": "", "message": "empty"}])
    index = page(tmp_path, [record("a", {"x": 1}, {"/x": ()}), unsure, failed]).blocks["index"]
    lines = index["documents"]
    assert [
        [line[name] for name in ("name", "status", "values", "flags", "flagged", "confidence")] for line in lines
    ] == [
        ["a", "ok", 1, 1, True, None],
        ["b", "ok", 2, 0, False, 0.6],
        ["c", "failed", 0, 0, True, None],
    ]
    assert index["columns"] == ["/x", "/y"]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_stays_text(tmp_path: Path, hostile: str) -> None:
    """Whatever stands in names, keys, values, problems and sources, the page has the same tags and says the same."""
    plain = record("a.txt", {"x": "y"}, {"/x": (0, 1, "exact")}, problems=[{"path": "", "message": "m"}])
    bold = record(hostile, {hostile: hostile}, problems=[{"path": hostile, "message": hostile}])
    tame = page(tmp_path, [plain, plain], {"a.txt": "text"})
    wild = page(tmp_path, [bold, plain], {hostile: hostile})
    assert [tag for tag, _ in wild.tags] == [tag for tag, _ in tame.tags]
    assert wild.document["fields"][0]["value"] == hostile
    assert wild.document["problems"] == [{"path": hostile, "message": hostile}]


def test_a_source_with_half_a_surrogate(tmp_path: Path) -> None:
    """Text that UTF-8 cannot write is still shown."""
    found = page(tmp_path, [record("a", {"x": 1})], {"a": "before \ud800 after </script>"}).document
    assert found["pieces"] == ["before \ud800 after </script>"]


@given(st.text(), st.text(min_size=1))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_comes_back(tmp_path: Path, value: str, source: str) -> None:
    """Values and sources read back from the page are those that went in."""
    found = page(tmp_path, [record("a", {"x": value})], {"a": source}).document
    assert found["fields"][0]["value"] == value
    assert found["pieces"] == [source]


def test_it_needs_nothing_else(tmp_path: Path) -> None:
    """No reference to another file or host: no link, image, frame or address, in tags, style or script.

    The script that asks a server is the same, and its policy lets it ask none.
    """
    found = page(tmp_path, [record("a", {"x": 1})])
    assert {tag for tag, _ in found.tags} & {"link", "img", "iframe", "object", "embed", "base"} == set()
    assert [attrs for _, attrs in found.tags if {"src", "href"} & set(attrs)] == []
    assert re.findall(r"https?://|url\(|@import|innerHTML|eval\(", "".join(found.sources.values())) == []


def test_its_policy_lets_only_its_own_script_run(tmp_path: Path) -> None:
    """The Content-Security-Policy forbids everything but the one style and the one script, by hash."""
    found = page(tmp_path, [record("a", {"x": 1})])
    policy = next(attrs["content"] for tag, attrs in found.tags if tag == "meta" and "http-equiv" in attrs)
    hashes = {name: b64encode(sha256(source.encode()).digest()).decode() for name, source in found.sources.items()}
    own = f"style-src 'sha256-{hashes['style']}'; script-src 'sha256-{hashes['script']}'"
    assert policy == f"default-src 'none'; {own}; base-uri 'none'"


def test_astral_characters_do_not_shift_marks(tmp_path: Path) -> None:
    """Offsets are characters, also behind signs that a browser counts as two."""
    spans = {"/total": (8, 12, "exact")}
    found = page(tmp_path, [record("a", {"total": "3.50"}, spans)], {"a": "🧾🧾 paid 3.50"}).document
    assert found["pieces"] == ["🧾🧾 paid ", ["3.50", [0]]]


def test_a_thousand_long_documents_stay_small(tmp_path: Path) -> None:
    """With many documents each shows less of its source, and says how much is left out."""
    text = "A line of the source. " * 2000
    records = [record(f"{number}.txt", {"x": "line"}, {"/x": (22_002, 22_006, "exact")}) for number in range(1000)]
    path = write_report(output(tmp_path, records, {f"{number}.txt": text for number in range(1000)}))
    assert path.stat().st_size < 30_000_000
    pieces = Page(path).document["pieces"]
    assert ["line", [0]] in pieces
    assert any(isinstance(piece, int) for piece in pieces)


def test_without_a_journal(tmp_path: Path) -> None:
    """Records alone make a page; sources are then told to be missing."""
    output(tmp_path, [record("a", {"x": 1})])
    (tmp_path / "journal.sqlite").unlink()
    assert Page(write_report(tmp_path)).document["pieces"] is None


def test_no_records(tmp_path: Path) -> None:
    """A folder that no run wrote to is a usage error that says what to do, and gets no page."""
    with pytest.raises(UsageError, match=r"no file .*records\.jsonl: run `extractor run"):
        write_report(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("line", ["not JSON", "[]", '{"document": "a"}', '{"value": {}}'])
def test_broken_records(tmp_path: Path, line: str) -> None:
    """A line that is no record is named by file and number; an older page stays as it was."""
    write_report(output(tmp_path, [record("a", {})]))
    before = (tmp_path / "report.html").read_bytes()
    (tmp_path / "records.jsonl").write_text(line, encoding="utf-8")
    with pytest.raises(UsageError, match=r"records\.jsonl:1 is not"):
        write_report(tmp_path)
    assert (tmp_path / "report.html").read_bytes() == before


class Receipt(BaseModel):
    """A receipt."""

    total: float


def test_the_schema_holds_for_corrected_values(tmp_path: Path) -> None:
    """A value that a step leaves invalid is a problem on the page, as it is in records.jsonl."""
    out = output(tmp_path, [record("a.txt", {"total": 5.0})])
    (out / "schema.json").write_text(json.dumps(Receipt.model_json_schema()), encoding="utf-8")
    (out / "run.json").write_text(json.dumps({"spec": ["schema", str(out / "schema.json")]}), encoding="utf-8")
    schema = schema_of_run(out)
    Run(out, schema).take({"document": "a.txt", "action": "invented", "path": "/total"})
    (line,) = Page(write_report(out)).blocks["index"]["documents"]
    (corrected,) = Run(out, schema).corrected()
    assert line["status"] == corrected["status"] == "partial"
