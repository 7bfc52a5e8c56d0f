"""What a file is, by its bytes first."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractor.documents.parsed import Parsed
from extractor.documents.readers import read
from extractor.documents.sniff import sniff
from extractor.documents.source import Source
from extractor.errors import DocumentError

STARTS = [
    b"",
    b"%PDF-1.7\n",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"{\\rtf1 ",
    b"<html>",
    b"\xff\xd8\xff",
]
NAMES = ["a.pdf", "a.docx", "a.eml", "a.mbox", "a.html", "a.txt", "a"]


@pytest.mark.parametrize(
    ("head", "name", "kind"),
    [
        (b"%PDF-1.4", "a", "pdf"),
        (b"\r\n%PDF-1.4", "a.txt", "pdf"),
        (b"junk before %PDF-1.4", "a.pdf", "pdf"),
        (b"a text about %PDF-1.4", "a.txt", "text"),
        (b"<!DOCTYPE html><p>", "a.txt", "html"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><html xmlns="x">', "a", "html"),
        (b"<p>a fragment", "a.htm", "html"),
        (b"From: a\nTo: b\nReceived: c\n\n", "a.txt", "eml"),
        (b"From: a\nTo: b\nSubject: c\n\n", "a.txt", "text"),
        (b"Title: x\nAuthor: y\n\n", "a.md", "markdown"),
        (b"From ada Mon Jun  1 10:00:00 2009\nFrom: a\n", "a", "mbox"),
        (b"From London at 10:30 by train\n", "a.txt", "text"),
        (b"MZ is how this sentence begins", "a.txt", "text"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "a.jpg", "image"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "a.jpg", "image"),
        (b"\0\0\0\x1cftypmif1\0\0\0\0mif1avif", "a", "image"),
        (b'<?xml version="1.0"?>\n<svg xmlns="x">', "a.xml", "svg"),
        (b"\x78\x9f\x3e\x22\x01\x00", "a.dat", "tnef"),
        ("\ufeff<html><p>".encode("utf-16-le"), "a.txt", "html"),
        ("<html><p>".encode("utf-16-le"), "a.doc", "html"),
        ("<html><p>".encode("utf-16-be"), "a.doc", "html"),
        (b"\xef\xbb\xbf{\\rtf1 ", "a.doc", "rtf"),
        (b"a,b\n", "a.CSV", "csv"),
        (b"a,b\n", "https://host/a.csv?1a2b3c4d", "csv"),
        (b'{"a": 1}', "a.jsonl", "json"),
    ],
)
def test_content_decides_and_the_name_only_where_it_does_not(head: bytes, name: str, kind: str) -> None:
    """Magic numbers, markup and mail headers are known; a text that speaks of them is a text."""
    assert sniff(head, name) == kind


@pytest.mark.parametrize(("data", "named"), [(b"\0\0\0\x18ftypisom\0\0\0\0", "recording"), (b"AT&TFORM\0\0", "DjVu")])
def test_what_holds_no_document_is_named(data: bytes, named: str) -> None:
    """The message says what the file is."""
    with pytest.raises(DocumentError, match=named) as caught:
        sniff(data, "a")
    assert caught.value.kind == "unsupported"


def outcome(data: bytes, name: str) -> str:
    """ "text", or the kind of the error."""
    try:
        return "text" if isinstance(read(data, Source(name=name)), Parsed) else "?"
    except DocumentError as error:
        return error.kind


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(STARTS), st.binary(max_size=200), st.sampled_from(NAMES))
def test_any_bytes_end_in_text_or_in_an_error_of_the_document(start: bytes, data: bytes, name: str) -> None:
    """No file makes a parser raise anything else."""
    assert outcome(start + data, name) in {
        "text",
        "empty",
        "binary",
        "damaged",
        "unsupported",
        "encrypted",
        "too_large",
    }
