"""What a notebook shows of results, documents and plans."""

from __future__ import annotations

import doctest
from html.parser import HTMLParser
from typing import Any

import pytest

from extractor import Document, Problem, Result, Span, notebook
from extractor.documents.document import Page
from extractor.extraction.plan import Plan
from extractor.wire.values import Usage

EVIL = "<script>alert('&')</script>"


class Read(HTMLParser):
    """The text of HTML by tag, with every tag closed in its order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((self.open[-1], data))

    def of(self, tag: str) -> list[str]:
        return [text for each, text in self.texts if each == tag]


def test_a_result() -> None:
    """Its status and cost, each value with evidence and confidence, nulls left out, and its problems."""
    result: Result[Any] = Result(
        "a.txt",
        "0",
        "partial",
        data={"name": "Ada", "tax": None, "lines": [{"sum": "5.00"}]},
        evidence={"/name": (Span(0, 3, 2, "exact"), Span(9, 12, None, "fuzzy")), "/lines/0/sum": ()},
        confidence={"/name": 0.934},
        problems=(Problem("/lines", "was cut"),),
        usage=Usage(cost_usd=0.0125),
    )
    view = Read(result._repr_html_())
    assert view.of("strong") == ["a.txt: partial, $0.0125"]
    assert view.of("li") == ["was cut @ /lines"]
    assert view.of("th") == ["path", "value", "evidence", "confidence"]
    assert view.of("td") == ["/name", "Ada", "exact, page 2; fuzzy", "93%", "/lines/0/sum", "5.00", "none"]


def test_a_result_without_a_value() -> None:
    """A heading and the problems; a cost that is not known is not 0."""
    view = Read(
        Result("a.txt", "0", "failed", problems=(Problem("", "no text"),), usage=Usage(cost_usd=None))._repr_html_()
    )
    assert view.texts == [("strong", "a.txt: failed, cost unknown"), ("li", "no text @ /")]


def test_a_document() -> None:
    """What it has, and its first lines."""
    document = Document("Total 42\n" + "x" * 3000, "a.pdf", "0", pages=(Page(1, 0, 9),), metadata={"format": "pdf"})
    view = Read(document._repr_html_())
    assert view.of("strong") == ["a.pdf"]
    assert view.of("td") == ["format", "pdf", "characters", "3,009", "pages", "1"]
    assert "".join(view.of("pre")).startswith("Total 42\nxxx")
    assert "".join(view.of("pre")).endswith("x … and 1,009 characters more")


def test_a_plan() -> None:
    """Its three prices, what they are made of, and what cannot be read."""
    plan = Plan(
        documents=1200,
        unreadable={"b.pdf": "is encrypted"},
        requests=1300,
        prompt_tokens=90_000,
        cached_tokens=40_000,
        completion_tokens=5_000,
        low_usd=0.05,
        likely_usd=0.1,
        high_usd=0.15,
        seconds=3900.0,
    )
    view = Read(plan._repr_html_())
    assert view.of("strong") == ["Plan: likely $0.10, between $0.05 and $0.15"]
    assert view.of("td")[:4] == ["documents", "1,200", "requests", "1,300"]
    assert view.of("td")[-4:] == ["least time", "1:05:00", "b.pdf", "is encrypted"]
    assert "unknown" in Read(Plan()._repr_html_()).of("strong")[0]


@pytest.mark.parametrize(
    "html",
    [
        Result(EVIL, "0", "ok", data={EVIL: EVIL}, problems=(Problem(EVIL, EVIL),))._repr_html_(),
        Document(EVIL, EVIL, "0", metadata={"format": EVIL, "unread": [EVIL]})._repr_html_(),
        Plan(unreadable={EVIL: EVIL})._repr_html_(),
    ],
)
def test_everything_is_escaped(html: str) -> None:
    """Names, values and messages come from strangers: none of them becomes markup."""
    assert "<script" not in html
    assert EVIL in "".join(text for _, text in Read(html).texts)


def test_its_example() -> None:
    """What the docstring shows is so."""
    assert doctest.testmod(notebook).failed == 0


def test_long_tables_end() -> None:
    """Of a table of any length a page is view."""
    view = Read(notebook.table(((number, "x") for number in range(5000)), head=("a", "b")))
    assert len(view.of("td")) == 201
    assert view.of("td")[-1] == "and 4,900 more"
    assert notebook.table([]) == notebook.lines([]) == notebook.text(" ") == ""
