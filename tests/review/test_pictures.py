"""Pictures of scans on the review page: embedded where they are wanted, and only those that values came from."""

from __future__ import annotations

from base64 import b64decode
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from extractor.cli.app import app
from extractor.pipeline.journal import Journal
from extractor.review import report
from extractor.review.report import write_report
from tests.review.kit import Page, output, record

VALUE = {"owner": "Ada Quill", "plot": "14", "leased": True, "area": "2.5"}


def evidence(page: int | None = 1) -> list[dict[str, Any]]:
    """A value with a box, one that only the model read, a choice, and one that was not found."""
    nowhere = {"start": None, "end": None}
    return [
        {"path": "/owner", "start": 6, "end": 15, "page": page, "tier": "exact", "box": [0.1, 0.2, 0.5, 0.3]},
        {"path": "/plot", **nowhere, "page": page, "tier": "page"},
        {"path": "/leased", **nowhere, "page": None, "tier": "choice"},
        {"path": "/area", **nowhere, "page": None, "tier": "none"},
    ]


def deed(folder: Path, *sides: int, page: int | None = 1) -> Path:
    """A run over one TIFF with a page of each width; its values are on the first, unless another one is named."""
    source = folder / "deed.tif"
    pages = [Image.linear_gradient("L").resize((side, 400)) for side in sides or (300,)]
    pages[0].save(source, save_all=True, append_images=pages[1:])
    digest = sha256(source.read_bytes()).hexdigest()
    line = record("deed.tif", VALUE, sha256=digest, evidence=evidence(page))
    out = folder / "out"
    out.mkdir()
    output(out, [line], {"deed.tif": "Owner Ada Quill"})
    journal = Journal(out / "journal.sqlite")
    journal.keep_row(line, place=str(source), settings="", run=1)
    journal.close()
    return out


def document_in(out: Path) -> dict[str, Any]:
    return Page(write_report(out, pictures=True)).document


def policy(page: Page) -> str:
    """The page's Content-Security-Policy."""
    return next(str(attrs["content"]) for tag, attrs in page.tags if tag == "meta" and "http-equiv" in attrs)


def test_places_of_a_value(tmp_path: Path) -> None:
    """A row has its mark, page and box; only what was not found in the source is flagged."""
    found = Page(write_report(deed(tmp_path)))
    assert [(row["path"], row["tier"], row["places"], row.get("flagged")) for row in found.document["fields"]] == [
        ("/owner", "exact", [{"mark": 0, "page": 1, "box": [0.1, 0.2, 0.5, 0.3]}], None),
        ("/plot", "page", [{"page": 1}], None),
        ("/leased", "choice", [], None),
        ("/area", "none", [], True),
    ]
    assert [line["flags"] for line in found.blocks["index"]["documents"]] == [1]


def test_pictures_are_embedded_only_where_they_are_wanted(tmp_path: Path) -> None:
    """The page without them has none, and its policy lets none in; with them it lets in embedded ones alone."""
    out = deed(tmp_path, 300, 200)
    plain, pictured = Page(write_report(out)), Page(write_report(out, pictures=True))
    assert "pictures" not in plain.document
    assert "img-src" not in policy(plain)
    assert policy(pictured).endswith("; img-src data:")
    (picture,) = pictured.document["pictures"]
    assert (picture["page"], picture["width"], picture["height"]) == (1, 300, 400)
    head, _, data = picture["data"].partition(",")
    assert head == "data:image/jpeg;base64"
    with Image.open(BytesIO(b64decode(data))) as opened:
        assert (opened.format, opened.size) == ("JPEG", (300, 400))
    assert pictured.document["unseen"] == ""


def test_a_large_page_is_scaled_down(tmp_path: Path) -> None:
    """Its longer side has a thousand pixels at the most."""
    (picture,) = document_in(deed(tmp_path, 2000))["pictures"]
    assert (picture["width"], picture["height"]) == (1000, 200)


def test_pictures_past_the_room_for_them_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page that has no room left says so."""
    monkeypatch.setattr(report, "_LEAST_PICTURES", 10)
    monkeypatch.setattr(report, "_ALL_PICTURES", 10)
    found = document_in(deed(tmp_path))
    assert (found["pictures"], found["unseen"]) == ([], "1 page not shown: there is no room for more")


def test_a_page_that_is_not_there_has_no_picture(tmp_path: Path) -> None:
    """Evidence of a page without a picture of its own shows none."""
    found = document_in(deed(tmp_path, page=7))
    assert (found["pictures"], found["unseen"]) == (
        [],
        "1 page not shown: deed.tif: there is no page 7 in it; name one of 1",
    )


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda source: source.unlink(), "is not there"),
        (lambda source: source.write_bytes(b"II*\0 cut off"), "damaged"),
        (lambda source: Image.new("L", (50, 50), 9).save(source), "has changed since the run"),
    ],
)
def test_a_source_that_is_another_one_now(tmp_path: Path, change: Any, reason: str) -> None:
    """No picture is shown that values were not read from, and the page says why."""
    out = deed(tmp_path)
    change(tmp_path / "deed.tif")
    found = document_in(out)
    assert found["pictures"] == []
    assert found["unseen"].startswith("1 page not shown: ")
    assert reason in found["unseen"]


def test_without_a_journal(tmp_path: Path) -> None:
    """Nothing tells where the source is."""
    out = deed(tmp_path)
    (out / "journal.sqlite").unlink()
    assert document_in(out)["unseen"] == "1 page not shown: the source is not there"


def test_documents_of_text_are_not_read_again(tmp_path: Path) -> None:
    """A document without values from pictures has none to show, whatever became of its source."""
    output(tmp_path, [record("a.txt", {"x": "y"}, {"/x": (0, 1, "exact")})], {"a.txt": "y"})
    assert "unseen" not in document_in(tmp_path)


def test_the_option_of_the_command(tmp_path: Path) -> None:
    """`extractor report OUT --pictures` writes that page."""
    out = deed(tmp_path)
    done = CliRunner().invoke(app, ["report", str(out), "--pictures"])
    assert (done.exit_code, done.output.strip()) == (0, str(out / "report.html"))
    assert len(Page(out / "report.html").document["pictures"]) == 1
