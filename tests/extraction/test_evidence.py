"""Evidence of documents that were read from pictures: pages, and boxes on them."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel

from extractor.documents.document import Box, Document, Image, Page
from extractor.extraction.evidence import grounded
from extractor.extraction.ground import Span
from extractor.extraction.join import Joined
from extractor.schema.compiler import compile_schema

TEXT = "Ferry ticket\n\nHarbour of\nNorth Wick\n\nFare 18.40\n\n"
SECOND = TEXT.index("Fare")


def box(words: str, image: int, left: float, top: float, right: float) -> Box:
    start = TEXT.index(words)
    return Box(start, start + len(words), image, left, top, right, round(top + 0.05, 2))


BOXES = (
    box("Ferry ticket", 0, 0.2, 0.1, 0.8),
    box("Harbour of", 0, 0.1, 0.3, 0.4),
    box("North Wick", 0, 0.15, 0.36, 0.5),
    box("Fare", 1, 0.1, 0.1, 0.2),
    box("18.40", 1, 0.7, 0.1, 0.85),
)
IMAGES = (Image(b"", "image/png", 1), Image(b"", "image/png", 2))
PAGES = (Page(1, 0, SECOND), Page(2, SECOND, len(TEXT)))


class Way(StrEnum):
    """One way, or both."""

    SINGLE = "single"
    RETURN = "return"


class Ticket(BaseModel):
    """A ticket."""

    harbour: str
    fare: str
    way: Way
    holder: str | None = None


def spans(value: dict[str, str], document: Document) -> dict[str, tuple[Span, ...]]:
    evidence, _ = grounded(compile_schema(Ticket), document, value, Joined(value), bound=False)
    return dict(evidence)


def test_text_that_was_read_from_a_picture_has_its_box_there() -> None:
    """Lines of one value have one box around them; boxes count on the picture of their own page."""
    document = Document(TEXT, "ticket.pdf", "0", pages=PAGES, images=IMAGES, boxes=BOXES)
    found = spans({"harbour": "Harbour of\nNorth Wick", "fare": "18.40"}, document)
    assert found["/harbour"] == (Span(14, 35, 1, "exact", (0.1, 0.3, 0.5, 0.41)),)
    assert found["/fare"] == (Span(SECOND + 5, SECOND + 10, 2, "exact", (0.7, 0.1, 0.85, 0.15)),)


def test_a_part_of_a_line_has_its_share_of_the_box() -> None:
    """The second of two words of equal letters ends where the line does, and begins after the first."""
    document = Document(TEXT, "ticket.pdf", "0", pages=PAGES, images=IMAGES, boxes=BOXES)
    (span,) = spans({"harbour": "North"}, document)["/harbour"]
    assert span.box is not None
    assert (span.box[0], round(span.box[2], 3)) == (0.15, 0.325)


def test_a_value_that_runs_on_to_the_next_picture_has_its_box_on_the_first() -> None:
    """A box lies on one picture, that of the page where the value begins."""
    document = Document(TEXT, "ticket.pdf", "0", pages=PAGES, images=IMAGES, boxes=BOXES)
    (span,) = spans({"harbour": "North Wick\n\nFare"}, document)["/harbour"]
    assert (span.page, span.box) == (1, (0.15, 0.36, 0.5, 0.41))


def test_what_is_nowhere_in_the_text_has_the_pages_of_the_pictures() -> None:
    """It was read from them, by the model alone: it has no box. Text of the file has none either."""
    document = Document(TEXT, "ticket.pdf", "0", pages=PAGES, images=IMAGES, boxes=BOXES)
    assert spans({"holder": "Ada Quill"}, document)["/holder"] == (
        Span(None, None, 1, "page"),
        Span(None, None, 2, "page"),
    )
    typed = Document(TEXT, "ticket.txt", "0")
    assert spans({"fare": "18.40", "way": "return"}, typed) == {
        "/fare": (Span(SECOND + 5, SECOND + 10, None, "exact"),),
        "/way": (Span(None, None, None, "choice"),),
    }


def test_a_picture_without_a_page_is_a_source_only_where_there_is_no_text() -> None:
    """Beside text it may be a logo, which makes no value true."""
    logo = (Image(b"", "image/png"),)
    assert spans({"holder": "Ada Quill"}, Document("", "a.docx", "0", images=logo)) == {
        "/holder": (Span(None, None, None, "page"),)
    }
    assert spans({"holder": "Ada Quill"}, Document(TEXT, "a.docx", "0", images=logo)) == {"/holder": ()}
