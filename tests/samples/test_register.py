"""The book-length sample: longer than the window, made by its script, and answerable from any part of it."""

from __future__ import annotations

import runpy
from collections import Counter

import pytest

from extractor.schema.pointer import leaves
from tests.kit import SAMPLES
from tests.samples.register import register_gold, register_text

WINDOW = 262_144


def test_it_is_longer_than_the_window() -> None:
    """No single request can carry it."""
    splintr = pytest.importorskip("splintr", reason="the exact count needs the extra tokens")
    text = register_text()
    assert len(text) > 1_100_000
    assert len(splintr.Tokenizer.from_pretrained("kimi_k2").encode_ordinary(text)) > WINDOW


def test_its_script_writes_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    """`make_register.py` makes exactly the files that are committed."""
    monkeypatch.syspath_prepend(str(SAMPLES))
    made = dict(runpy.run_path(str(SAMPLES / "make_register.py"))["write"]())
    assert {name: (SAMPLES / "register" / name).read_bytes() == content.encode() for name, content in made.items()} == {
        "register.txt": True,
        "gold.jsonl": True,
    }


def test_every_leaf_is_stated_by_a_passage() -> None:
    """The facts together give the whole gold value, and no passage occurs twice."""
    gold, text = register_gold(), register_text()
    stated = {
        f"/companies/{fact['record']}{field}"
        for fact in gold["facts"]
        for field in [*fact["fields"], *fact.get("under", {})]
    }
    assert stated == {pointer for pointer, value in leaves(gold["value"]) if value is not None}
    passages = [text[slice(*fact["span"])] for fact in gold["facts"]]
    assert Counter(text.count(passage) for passage in passages[::25]) == {1: len(passages[::25])}
    assert len(set(passages)) == len(passages)


def test_facts_of_one_record_stand_far_apart() -> None:
    """Most companies are spoken of in passages more than half a million characters from each other."""
    spans: dict[int, list[int]] = {}
    for fact in register_gold()["facts"]:
        spans.setdefault(fact["record"], []).append(fact["span"][0])
    far = [record for record, places in spans.items() if max(places) - min(places) > 500_000]
    assert len(far) > 0.6 * len(spans)


def test_names_do_not_identify() -> None:
    """Several companies bear the same name, so that joining on names would fuse them."""
    companies = register_gold()["value"]["companies"]
    assert len({company["number"] for company in companies}) == len(companies) > 700
    assert len({company["name"] for company in companies}) < 0.8 * len(companies)
