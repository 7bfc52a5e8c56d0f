"""Pictures and the models that they are shown to."""

from __future__ import annotations

import pytest

from extractor.documents.document import Box, Document, Image
from extractor.errors import DocumentError
from extractor.pipeline.stages import as_seen

PICTURE = Image(b"\x89PNG\r\n\x1a\n", "image/png", 1)


def test_nothing_but_pictures_is_refused_for_a_model_that_cannot_see() -> None:
    """The one line names both ways out, and nothing is asked."""
    with pytest.raises(DocumentError) as caught:
        as_seen(Document("", "scan.png", "0", images=(PICTURE,)), "local")
    line = str(caught.value)
    assert "\n" not in line
    assert "extractor-pipelines[ocr]" in line
    assert "a model that sees" in line


def test_pictures_beside_text_are_a_problem_unless_they_were_read() -> None:
    """A blind model gets the text; what it misses is stated, once for all pictures."""
    beside = Document("Total 42", "a.pdf", "0", images=(PICTURE, PICTURE))
    document, problems = as_seen(beside, "local:small")
    assert document.images == ()
    assert [problem.message for problem in problems] == [
        "not read: 2 pictures beside the text; local:small sees none: "
        "use a model that sees, or OCR; install it with: pip install 'extractor-pipelines[ocr]'"
    ]
    read = Document("Total 42", "a.png", "0", images=(PICTURE,), boxes=(Box(0, 8, 0, 0.1, 0.1, 0.5, 0.2),))
    assert as_seen(read, "local")[1] == ()


def test_a_model_that_sees_is_shown_everything() -> None:
    """The document stays as it is."""
    document = Document("Total 42", "a.pdf", "0", images=(PICTURE,))
    assert as_seen(document, "@cf/moonshotai/kimi-k2.6") == (document, ())
