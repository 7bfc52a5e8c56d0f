"""From a path to a document, or to the one error that says what to do."""

from __future__ import annotations

import codecs
import pickle
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from extractor.documents.load import load, load_small
from extractor.documents.readers import read
from extractor.documents.source import Limits, Source
from extractor.errors import DocumentError, UsageError
from tests.documents.making import archive, loaded, pdf, word


@pytest.mark.parametrize(
    ("name", "data", "form", "text"),
    [
        ("note.txt", b"Total 42 EUR\r\n", "text", "Total 42 EUR\r\n"),
        ("note.md", b"# Title\n\n- item\n", "markdown", "# Title\n\n- item\n"),
        ("rows.csv", b"name;total\nAda;42\n", "csv", "name;total\nAda;42\n"),
        ("row.json", b'{"total": 42}', "json", '{"total": 42}'),
        ("no name at all", "naïve".encode(), "text", "naïve"),
    ],
)
def test_plain_text_is_the_text_of_the_file(tmp_path: Path, name: str, data: bytes, form: str, text: str) -> None:
    """Text, Markdown, CSV and JSON come out character for character."""
    document = loaded(tmp_path, name, data)
    assert (document.text, document.metadata["format"]) == (text, form)


@pytest.mark.parametrize(
    "ending",
    [
        b"plain ASCII",
        "curly \u201cquotes\u201d, late".encode(),
        "astral \U0001f600".encode(),
        "Grüße".encode("latin-1"),
        "cut in the middle: é".encode()[:-1],
        b"an escape \x1b[0m",
        b"a NUL \0 within",
    ],
)
@pytest.mark.parametrize("beginning", [b"", codecs.BOM_UTF8, b"\r\n \r\n"])
def test_a_long_text_is_read_like_a_short_one(tmp_path: Path, beginning: bytes, ending: bytes) -> None:
    """Past the size from which text is decoded as it is read, the same characters come out, and the same hash."""
    data = beginning + ("a line of text é\r\n" * 500_000).encode() + ending
    document = loaded(tmp_path, "long.txt", data)
    parsed = read(data, Source(name="long.txt"))
    assert len(data) > 8 << 20
    assert document.text == parsed.text
    assert document.metadata == parsed.metadata
    assert document.sha256 == sha256(data).hexdigest()


def test_a_document_knows_its_file(tmp_path: Path) -> None:
    """The name is the file's unless another is given, and the hash is of the bytes."""
    document = loaded(tmp_path, "a.txt", "Straße".encode("utf-16"))
    assert document.name == "a.txt"
    assert document.sha256 == sha256("Straße".encode("utf-16")).hexdigest()
    assert loaded(tmp_path, "a.txt", b"x", name="folder/a.txt").name == "folder/a.txt"


@pytest.mark.parametrize(
    ("name", "data", "form"),
    [
        ("report.docx", pdf([(72, 700, "Total 42")]), "pdf"),
        ("report.pdf", b"<html><body><p>Total 42</p></body></html>", "html"),
        ("report.pdf", b"Total 42, sent as plain text", "text"),
        ("report.txt", word("<w:p><w:r><w:t>Total 42</w:t></w:r></w:p>"), "docx"),
        ("report", b"{\\rtf1 Total 42}", "rtf"),
        ("report", b"From: a@b.c\nTo: d@e.f\nMessage-ID: <1>\n\nTotal 42", "eml"),
    ],
)
def test_content_goes_before_the_name(tmp_path: Path, name: str, data: bytes, form: str) -> None:
    """A file is what its bytes say, whatever its name says."""
    document = loaded(tmp_path, name, data)
    assert document.metadata["format"] == form
    assert "Total 42" in document.text


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("a.pdf", b"", "empty"),
        ("a.txt", b" \n\t\n", "empty"),
        ("a.bin", bytes(range(256)) * 40, "binary"),
        ("a.pdf", b"%PDF-1.7\n1 0 obj\n<< /Type", "damaged"),
        ("a.docx", word("<w:p/>")[:200], "damaged"),
        ("a.docx", archive({"readme.txt": "not a word document"}), "unsupported"),
        ("a.rar", b"Rar!\x1a\x07\x00" + bytes(50), "unsupported"),
        ("a.gz", b"\x1f\x8b\x08\x00" + bytes(50), "unsupported"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "damaged"),
        ("a.docx", word("<w:p/>"), "no_text"),
        ("a.pdf", pdf([]), "no_text"),
        ("a.html", b"<html><body><script>x</script></body></html>", "no_text"),
    ],
)
def test_what_cannot_be_read_ends_in_the_one_right_error(tmp_path: Path, name: str, data: bytes, kind: str) -> None:
    """The error tells its kind, and in one line what is wrong with which file."""
    with pytest.raises(DocumentError) as caught:
        loaded(tmp_path, name, data)
    assert caught.value.kind == kind
    assert str(caught.value).startswith(f"{name}: ")
    assert "\n" not in str(caught.value)


def test_a_path_to_no_file_is_a_mistake_in_the_call(tmp_path: Path) -> None:
    """A missing file and a folder are told apart from a bad document."""
    with pytest.raises(UsageError, match="there is no file"):
        load(tmp_path / "absent.pdf")
    with pytest.raises(UsageError, match="is a folder, which a run or a Pipeline reads; name a file"):
        load(tmp_path)


def test_a_file_over_the_limit_is_not_read(tmp_path: Path) -> None:
    """Bytes are counted before they are read."""
    with pytest.raises(DocumentError, match="over the limit of 10 bytes") as caught:
        loaded(tmp_path, "a.txt", b"x" * 11, limits=Limits(bytes=10))
    assert caught.value.kind == "too_large"


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """An archive is judged by what it says it unpacks to, in all and by ratio, before it is unpacked."""
    bomb = word("", parts={"word/media/zeros.bin": bytes(20 << 20)})
    assert len(bomb) < 100_000
    with pytest.raises(DocumentError, match="unpacks to") as caught:
        loaded(tmp_path, "a.docx", bomb, limits=Limits(unpacked=10 << 20))
    assert caught.value.kind == "too_large"
    main = archive({"word/document.xml": b"<a>" + b" " * (20 << 20) + b"</a>"})
    with pytest.raises(DocumentError, match="ratio") as caught:
        loaded(tmp_path, "a.docx", main)
    assert caught.value.kind == "too_large"


def test_a_missing_package_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra, the error says what to install."""
    monkeypatch.delitem(sys.modules, "extractor.documents.formats.pdf", raising=False)
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(
        UsageError,
        match=r"reading a\.pdf needs pypdfium2; install it with: pip install 'extractor-pipelines\[documents\]'",
    ):
        read(pdf([]), Source(name="a.pdf"))


def test_documents_can_be_sent_to_other_processes(tmp_path: Path) -> None:
    """A loaded document is plain data."""
    document = loaded(tmp_path, "a.pdf", pdf([(72, 700, "Total 42")]))
    assert pickle.loads(pickle.dumps(document)) == document


@pytest.mark.parametrize(
    ("name", "data", "small"),
    [
        ("a.txt", "Tea 3.50 €".encode(), True),
        ("a.csv", b"a,b\n1,2\n", True),
        ("a.txt", "Tea 3.50 €".encode("utf-16"), True),
        ("a.txt", b"%PDF-1.7\n", False),
        ("a.html", b"<!doctype html><p>Tea</p>", False),
        ("a.txt", b"Tea " * 20_000, False),
        ("a.txt", b"", False),
    ],
)
def test_small_plain_files_are_read_at_once(tmp_path: Path, name: str, data: bytes, small: bool) -> None:
    """They come to the same document; whatever may take long, and what is no file, is left to `load`."""
    path = tmp_path / name
    path.write_bytes(data)
    found = load_small(path, name="its name")
    assert found == (load(path, name="its name") if small else None)
    assert load_small(tmp_path, name="a folder") is None
    assert load_small(tmp_path / "none.txt", name="none") is None
