"""The review page in a real browser, where one is installed: the script runs, and hostile text stays text."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from extractor.review.report import write_report
from tests.review.kit import output, record
from tests.review.test_pictures import deed

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--enable-logging=stderr")
HOSTILE = '</script><img src=x onerror="document.title=1">\x07'

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium on this machine")


def browse(path: Path, profile: Path) -> tuple[str, str]:
    """The page after its script has run, and what the browser's console said."""
    command = [str(BROWSER), *FLAGS, f"--user-data-dir={profile}", "--virtual-time-budget=3000", "--dump-dom"]
    done = subprocess.run([*command, path.as_uri()], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout, "\n".join(line for line in done.stderr.splitlines() if "CONSOLE" in line)


def test_the_page_shows_its_documents(tmp_path: Path) -> None:
    """Documents, values, tiers and marks are there, nothing is complained of, and no markup came from a document."""
    value = {"merchant": "Dunmoor", HOSTILE: HOSTILE, "lines": [{"sku": "A"}]}
    spans = {"/merchant": (0, 7, "exact"), "/lines/0/sku": ()}
    records = [record("first.txt", value, spans), record(HOSTILE, None, status="failed")]
    path = write_report(output(tmp_path, records, {"first.txt": f"Dunmoor {HOSTILE}"}))
    page, console = browse(path, tmp_path / "profile")
    assert console == ""
    assert '<mark class="exact" title="/merchant">Dunmoor</mark>' in page
    assert re.search('<span class="tier none"[^>]*>not in source</span>', page)
    assert "&lt;/script&gt;&lt;img src=x" in page
    assert "<img" not in page
    assert "<title>Extraction report</title>" in page
    assert "\N{SYMBOL FOR BELL}" in page
    assert page.count('class="dot ') == 2


def test_the_page_of_a_scan_shows_its_picture_and_boxes(tmp_path: Path) -> None:
    """The picture has a box where the value stands, and what was not found alone is flagged."""
    out = deed(tmp_path)
    page, console = browse(write_report(out, pictures=True), tmp_path / "profile")
    assert console == ""
    assert re.search(r'<img [^>]*src="data:image/jpeg;base64,', page)
    assert re.search(
        r'<button class="box exact" title="/owner" style="left: 10%; top: 20%; width: 40%; height: 10%;">', page
    )
    for tier, words in (("exact", "exact, p. 1"), ("page", "from a picture, p. 1"), ("choice", "a choice")):
        assert re.search(f'<span class="tier {tier}"[^>]*>{words}</span>', page)
    assert '<span class="flags">1 flagged</span>' in page


def test_the_page_without_pictures_says_how_to_see_them(tmp_path: Path) -> None:
    """No picture is embedded unless it is wanted."""
    page, console = browse(write_report(deed(tmp_path)), tmp_path / "profile")
    assert console == ""
    assert "<img" not in page
    assert "extractor report OUT --pictures" in page
