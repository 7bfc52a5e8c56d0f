"""Chunks: exact, lossless, within their budget, cut where a reader would cut."""

from __future__ import annotations

import pickle
import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.documents.chunks import Chunk, Cutter, budget_for, split
from extractor.documents.document import Document, Page
from extractor.documents.tokens import count_tokens, exact_counter
from extractor.errors import UsageError

PHRASES = [
    "The parties agree to the terms that follow. ",
    "Payment is due within thirty days! ",
    "合同有效期至今年年底。双方应当履行各自的义务。",
    "Счёт за услуги связи оплачен полностью. ",
    "| 17 | Widget, large | 1,250.00 |\n",
    "2024-01-31,INV-00017,19.99,EUR\n",
    "\n\n",
    "\r\n\r\n",
    "\n",
    "## A heading\n",
    "TERMS AND CONDITIONS\n",
    "------------\n",
    "3.1 Definitions\n\n",
    "f81d4fae-7dec-11d0-a765-00a0c91e6bf6 ",
    "👩‍👩‍👧🏽e\u0301 ",
    "\f",
    " " * 40,
    "x" * 90,
]
TEXTS = st.lists(st.one_of(st.sampled_from(PHRASES), st.text(max_size=12)), max_size=60).map("".join)


def paragraphs(number: int, words: int = 40) -> str:
    return "".join(f"Paragraph {index} " + "of plain words " * words + "ends here.\n\n" for index in range(number))


def contexts(text: str, budget: int) -> list[tuple[str, str]]:
    return [(chunk.context, chunk.text) for chunk in split(text, budget)]


@given(TEXTS, st.integers(16, 400))
def test_chunks_joined_are_the_text(text: str, budget: int) -> None:
    """Without overlap nothing is lost, nothing doubled, and every offset is exact."""
    chunks = split(text, budget)
    assert "".join(chunk.text for chunk in chunks) == text
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert all(chunk.text and chunk.text == text[chunk.start : chunk.end] for chunk in chunks)


@given(TEXTS, st.integers(16, 400), st.floats(0, 0.5))
def test_overlap_repeats_and_never_skips(text: str, budget: int, share: float) -> None:
    """With overlap each chunk begins at or before the end of the last, past its start, and the offsets stay exact."""
    chunks = split(text, budget, overlap=int(budget * share))
    assert all(chunk.text == text[chunk.start : chunk.end] for chunk in chunks)
    assert all(left.start < right.start <= left.end < right.end for left, right in pairwise(chunks))
    assert (chunks[0].start, chunks[-1].end) == (0, len(text)) if text else not chunks


@given(TEXTS, st.integers(16, 400), st.floats(0, 0.5))
def test_the_estimate_of_text_and_context_fits(text: str, budget: int, share: float) -> None:
    """No chunk with its context passes the budget, unless it is a single character."""
    for chunk in split(text, budget, overlap=int(budget * share)):
        assert chunk.tokens == pytest.approx(count_tokens(chunk.text), abs=2, rel=0.02)
        assert chunk.tokens + (count_tokens(chunk.context) if chunk.context else 0) <= budget


@given(TEXTS, st.integers(16, 400))
def test_the_same_text_is_cut_the_same_way(text: str, budget: int) -> None:
    """A run that goes on cuts as the run before did."""
    assert split(text, budget) == split(Document.from_text(text), budget)


@given(TEXTS, st.integers(16, 400))
def test_a_chunk_leaves_its_document_behind(text: str, budget: int) -> None:
    """Pickled, a chunk is the same chunk, and takes no more of the document along than its own text."""
    for chunk in split(text, budget):
        copy = pickle.loads(pickle.dumps(chunk))
        assert (copy, hash(copy), copy.source) == (chunk, hash(chunk), chunk.text)


@settings(max_examples=30)
@given(st.randoms(use_true_random=False), st.integers(300, 2000))
def test_the_real_vocabulary_agrees(chance: random.Random, budget: int) -> None:
    """Counted by the model's own vocabulary, no chunk of mixed text passes its budget."""
    count = exact_counter()
    if count is None:
        pytest.skip("needs the extra `tokens`")
    text = "".join(chance.sample(PHRASES * 12, len(PHRASES) * 12))
    assert all(count(chunk.text) <= budget for chunk in split(text, budget))


def test_prose_is_cut_at_blank_lines() -> None:
    """Paragraphs stay whole where they fit."""
    chunks = split(paragraphs(50), 600)
    assert len(chunks) > 5
    assert all(chunk.text.startswith("Paragraph") and chunk.text.endswith("ends here.\n\n") for chunk in chunks)


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("A sentence of words. " * 400, ". "),
        ("一个完整的句子在这里。" * 400, "。"),
        ("no full stop " * 400, " "),
        ("line of words\n" * 400, "\n"),
        ("crlf paragraph here\r\n\r\n" * 300, "\r\n\r\n"),
        ("blank line with spaces\n   \n" * 300, "\n   \n"),
        ("page\f" * 2000, "\f"),
    ],
)
def test_the_strongest_boundary_at_hand_is_taken(text: str, ends: str) -> None:
    """Blank lines before lines, lines before sentences, sentences before words."""
    chunks = split(text, 200)
    assert len(chunks) > 2
    assert all(chunk.text.endswith(ends) for chunk in chunks)


@pytest.mark.parametrize("unit", ["e\u0301", "👍🏽", "👩\u200d👧", "🇫🇷", "\r\n", "न\u093f", "a\ufe0f"])
def test_a_character_is_never_parted(unit: str) -> None:
    """Marks, joiners, skin tones, flags and CR LF stay with what they belong to."""
    for chunk in split(unit * 400, 50):
        assert len(chunk.text) % len(unit) == 0


@pytest.mark.parametrize(
    "heading", ["# Title", "TITLE HERE", "Title\n=====", "4. The title", "Chapter 7", "-----\nTitle"]
)
def test_a_heading_goes_with_what_follows(heading: str) -> None:
    """No chunk ends just after a heading or a rule, whatever form it has."""
    text = "".join(f"{heading}\n\n" + paragraphs(1, words) for words in (40, 90, 10, 60, 30) * 12)
    chunks = split(text, 300)
    assert len(chunks) > 10
    assert not any(chunk.text.rstrip().endswith(heading) for chunk in chunks)


def test_headings_above_are_told_as_context() -> None:
    """A chunk knows the sections it lies in, innermost last, and no section that has ended."""
    text = f"# Book\n\n## One\n\n{paragraphs(6)}## Two\n\n### Deep\n\n{paragraphs(6)}## Three\n\n{paragraphs(6)}"
    found = contexts(text, 600)
    assert found[0][0] == ""
    for context, part in found[1:]:
        assert context.startswith("Book")
        assert "Deep" not in context or context == "Book\nTwo\nDeep"
        assert "Three" not in context or "Paragraph" in part
    assert "Book\nThree" in {context for context, _ in found}


def test_a_title_between_strokes_heads_the_document() -> None:
    """Where it is the first line, in capitals."""
    text = "*** INVOICE OF ACME LTD ***\n\n" + paragraphs(40)
    assert {chunk.context for chunk in split(text, 300)[1:]} == {"*** INVOICE OF ACME LTD ***"}


def test_a_table_cut_in_two_keeps_its_header() -> None:
    """Each later piece of a long table is told the header row and its divider."""
    header = "| sku | name | price |\n| --- | --- | --- |"
    table = header + "\n" + "".join(f"| {row} | Widget number {row} | {row}.50 |\n" for row in range(300))
    found = contexts(f"Intro.\n\n{table}\nOutro.\n", 400)
    inside = [context for context, part in found if part.startswith("|")]
    assert len(inside) > 5
    assert set(inside) == {header}


@pytest.mark.parametrize("mark", [",", "\t", ";"])
def test_a_csv_cut_in_two_keeps_its_header(mark: str) -> None:
    """The first line of delimited text is the header of all that follow."""
    text = (
        mark.join(("number", "name", "amount"))
        + "\n"
        + "".join(f"{i}{mark}Some name{mark}{i * 7}\n" for i in range(600))
    )
    found = contexts(text, 400)
    assert {context for context, _ in found[1:]} == {mark.join(("number", "name", "amount"))}


def test_context_takes_no_more_than_its_share() -> None:
    """Long headings are left out from the outermost on."""
    text = f"# {'Long outer title ' * 6}\n\n## {'Middle ' * 16}\n\n### Inner\n\n{paragraphs(20)}"
    for chunk in split(text, 200)[1:]:
        assert chunk.context in ("Inner", "")


def test_chunks_end_with_their_page_where_one_ends_near() -> None:
    """A page's end in the last fifth is better than a paragraph past it."""
    text = paragraphs(40)
    ends = [index + 12 for index in range(len(text)) if text.startswith("ends here.\n\n", index)][3::4]
    pages = tuple(
        Page(number, start, end) for number, (start, end) in enumerate(zip([0, *ends], ends, strict=False), 1)
    )
    document = Document(text=text, name="x", sha256="", pages=pages)
    size = count_tokens(text[: ends[0]])
    assert {chunk.end for chunk in split(document, size * 6 // 5)} <= {*ends, len(text)}


@given(st.integers(16, 3000))
def test_a_budget_for_some_tokens_holds_them(tokens: int) -> None:
    """A chunk of that budget takes as many tokens by the estimate, and no more."""
    taken = split("word\n" * 3 * tokens, budget_for(tokens))[0].tokens
    assert 0.9 * tokens - 2 <= taken <= tokens


@pytest.mark.parametrize("lines", [4, 10, 40, 200])
def test_a_chunk_is_cut_in_two(lines: int) -> None:
    """A budget for a little more than half of a text, and for what stands above it, makes two parts of whole lines."""
    heading = "Harbour board of the northern towns"
    text = f"# {heading}\n\n" + "The clerk keeps the minutes of what was said there.\n" * lines
    start = len(heading) + 4
    budget = budget_for(int(count_tokens(text[start:]) * 0.55) + count_tokens(heading))
    parts = list(Cutter(text).chunks(budget, start, headings=100))
    assert [(part.context, part.text[-1]) for part in parts] == [(heading, "\n")] * 2


@pytest.mark.parametrize(("budget", "overlap"), [(15, 0), (0, 0), (-1, 0), (100, 51), (100, -1)])
def test_a_budget_that_cannot_be_kept_is_refused(budget: int, overlap: int) -> None:
    """Too little room, or too much overlap, is a usage error and says the limit."""
    with pytest.raises(UsageError, match=r"at least 16|at most half"):
        split("text", budget, overlap=overlap)


def test_empty_text_is_no_chunk() -> None:
    """Nothing to read, nothing to send."""
    assert split("", 100) == []


def test_what_fits_is_one_chunk() -> None:
    """A short document is sent as it is."""
    assert split("short\n\ntext", 100) == [Chunk(0, 0, 11, "short\n\ntext", "", count_tokens("short\n\ntext"))]


def test_a_record_is_not_cut_where_it_can_be_whole() -> None:
    """A blank line in the second quarter is taken before a cut into a record, and headings above it move along."""
    record = (
        "Office {n} of the guild is at 3 Dock Rd. N., "
        + "beside the mill. Ring twice, and wait. " * 6
        + "Closed at {n}."
    )
    short = "The seats were drawn by lot on the usual day. " * 3
    records = [record.format(n=100 + n) for n in range(40)]
    text = "".join(f"{short}\n\nPART {n}\n\nTOWN OF MARLOW\n\n{one}\n\n" for n, one in enumerate(records))
    for budget in range(110, 180, 5):
        chunks = split(text, budget)
        assert "".join(chunk.text for chunk in chunks) == text
        assert [one for one in records if not any(one in chunk.text for chunk in chunks)] == []
