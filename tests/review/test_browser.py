"""The page in a real browser, where one is installed: from a file and from the server, with hostile documents."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from typer.testing import CliRunner

from extractor.cli.app import app
from extractor.documents.load import load
from extractor.pipeline.journal import Journal
from extractor.review.report import write_report
from extractor.review.server import ReviewServer
from tests.documents.making import pdf
from tests.review.browser import CHROMIUM, Browser, Tab, opened
from tests.review.kit import output, record, serving
from tests.review.test_pictures import deed

MARKUP = '</script><img src=x onerror="document.title=1"><svg onload=alert(1)>{nonce}\x07\u202e'
HOSTILE = f"{MARKUP} ../?#%00&name=a.txt"
ITEMS = [{"sku": f"S{number}", "amount": f"{number}.50"} for number in range(1, 251)]
ITEMS[1] = {"sku": MARKUP, "amount": "9.99", "parts": [{"no": 1}, {"no": 2}]}
VALUE = {"merchant": "Dunmoor", MARKUP: MARKUP, "number": 12345678901234567890, "tax": None, "lines": ITEMS}
SPANS: dict[str, Any] = {"/merchant": (0, 7, "exact"), "/lines/0/sku": (8, 10, "normalised"), "/lines/1/sku": ()}
SPANS["/lines/240/sku"] = (11, 15, "exact")
TEXT = f"Dunmoor S1 S241 {MARKUP} 12,50 end"
RECORDS = [
    record(
        "plain.txt", {"merchant": "Ash", "total": "5"}, {"/merchant": (0, 3, "exact")}, confidence={"/merchant": 0.6}
    ),
    record(HOSTILE, VALUE, SPANS, problems=[{"path": MARKUP, "message": MARKUP}], status="partial"),
    record("third.txt", {"merchant": "Birch", "total": "12"}, {"/total": ()}),
]
TEXTS = {HOSTILE: TEXT, "plain.txt": "Ash 5"}
LOOKS = (Path(__file__).parent / "looks.js").read_text("utf-8")
ADDRESS = "#" + quote(HOSTILE, safe="")

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with opened(tmp_path_factory.mktemp("profile")) as running:
        yield running


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ReviewServer]:
    with serving(output(tmp_path, RECORDS, TEXTS)) as running:
        yield running


def stored(server: ReviewServer) -> list[dict[str, Any]]:
    """The steps so far."""
    path = server.run.out / "corrections.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def names(tab: Tab) -> list[str]:
    found: list[str] = tab.js("[...document.querySelectorAll('#documents tbody a')].map((link) => link.textContent)")
    return found


def read(tab: Tab, address: str) -> None:
    """Open a document."""
    tab.js(f"document.getElementById('record').replaceChildren(); location.hash = {json.dumps(address)}")
    tab.until("document.querySelector('#record .rows') && !document.getElementById('reader').hidden")


def is_inert(tab: Tab) -> None:
    """Nothing of a document has become markup, nothing ran, and nothing but the server was asked for anything."""
    assert tab.complaints() == []
    assert tab.js("document.title") == "Review"
    assert tab.js("document.querySelectorAll('svg, iframe, form, link, [onerror], [onload], [onclick]').length") == 0
    assert tab.js("document.querySelectorAll('script:not([type=\"application/json\"])').length") == 1
    assert tab.js("[...document.images].every((image) => image.src.startsWith('data:image/'))")
    assert (
        len({address.split("/")[2] for address in tab.addresses() if not address.startswith(("data:", "blob:"))}) == 1
    )


@pytest.mark.parametrize("served", [True, False])
def test_hostile_documents_are_inert(browser: Browser, server: ReviewServer, served: bool) -> None:
    """Names, keys, values, problems and sources are text, whatever they hold; what would hide is shown."""
    tab = browser.tab(server.url if served else write_report(server.run.out).as_uri())
    assert "\N{SYMBOL FOR BELL}" in tab.text("#documents")
    read(tab, ADDRESS)
    assert "\u27e8U+202E\u27e9" in tab.text("#name")
    for place in ("#record", "#source", ".problems", "#record table"):
        assert "</script><img src=x" in tab.text(place)
    assert "12345678901234567890" in tab.text("#record")
    for key in ("f", "e"):
        tab.press(key)
    assert MARKUP[:9] in tab.js("document.querySelector('.edit input').value")
    tab.press("Escape")
    is_inert(tab)


@pytest.mark.parametrize("served", [True, False])
def test_the_list_is_sorted_and_filtered(browser: Browser, server: ReviewServer, served: bool) -> None:
    """Flagged documents first; by column, status, doubt, a field, and text in values."""
    tab = browser.tab(server.url if served else write_report(server.run.out).as_uri())
    visible = tab.js("[...document.querySelectorAll('#documents tbody a')].map((link) => link.textContent).at(0)")
    assert names(tab) == [visible, "third.txt", "plain.txt"]
    tab.click("#documents thead button")
    assert names(tab)[1:] == ["plain.txt", "third.txt"]
    assert tab.js("document.querySelector('#documents th').getAttribute('aria-sort')") == "ascending"
    tab.click("[data-filter=ok]")
    assert names(tab) == ["plain.txt", "third.txt"]
    tab.click("[data-filter=all]")
    tab.js("(at => { at.value = '0.7'; at.onchange(); })(document.getElementById('doubt'))")
    assert names(tab) == ["plain.txt"]
    tab.js("(at => { at.value = ''; at.onchange(); })(document.getElementById('doubt'))")
    tab.press("/")
    tab.write("birch")
    tab.until("document.querySelectorAll('#documents tbody a').length === 1")
    assert names(tab) == ["third.txt"]
    tab.press("Escape")
    tab.js("(at => { at.value = ''; at.oninput(); })(document.getElementById('search'))")
    tab.js("(at => { at.value = '/total'; at.onchange(); })(document.getElementById('field'))")
    tab.until("document.querySelectorAll('#documents td.found').length === 2")
    tab.js("[...document.querySelectorAll('#documents thead button')].at(-1).click()")
    assert tab.js("[...document.querySelectorAll('td.found')].map((cell) => cell.textContent)") == ["5", "12"]
    assert tab.complaints() == []


def test_values_and_their_places_lead_to_each_other(browser: Browser, server: ReviewServer) -> None:
    """A value shows its place, a place its value, by mouse and by key, also in rows that were not made yet."""
    tab = browser.tab(server.url + ADDRESS)
    tab.until("document.querySelector('#record .row')")
    tab.click("#record .row")
    assert tab.text("mark.on") == "Dunmoor"
    assert tab.js("document.querySelectorAll('.items tbody')[0].rows.length") < 250
    tab.js("[...document.querySelectorAll('mark')].find((mark) => mark.textContent === 'S241').click()")
    assert tab.text("#record .cell.on") == "S241"
    tab.press("ArrowDown")
    assert tab.text("#record .cell.on") == "241.50"
    assert tab.js("getComputedStyle(document.querySelector('#record .cell.on')).textAlign") == "right"
    assert tab.js("document.activeElement.getAttribute('aria-label')") == "amount 241.50"


def test_a_review_by_keys_alone(browser: Browser, server: ReviewServer) -> None:
    """From flag to flag, over documents; accept, correct, withdraw, add a row, undo: each stored at once, and gold."""
    tab = browser.tab(server.url)
    tab.press("f")
    tab.until("document.querySelector('#record .cell.on')")
    tab.press("e")
    tab.write("Bolt")
    tab.press("Enter")
    tab.until("document.querySelector('#record .changed')")
    assert [(one["action"], one["path"], one["value"]) for one in stored(server)] == [
        ("correct", "/lines/1/sku", "Bolt")
    ]
    tab.press("f")
    tab.until("document.getElementById('name').textContent === 'third.txt'")
    tab.press("x")
    tab.until("document.querySelector('#record .changed')")
    assert stored(server)[-1]["action"] == "invented"
    tab.press("u")
    tab.until("!document.querySelector('#record .changed')")
    assert stored(server)[-1] == {"action": "undo", "document": "third.txt", "step": stored(server)[-2]["id"]}
    tab.press("a")
    tab.until("document.querySelector('#record .accepted')")
    assert "reviewed\n2" in tab.text("#totals")
    read(tab, ADDRESS)
    tab.press("f")
    tab.until("document.getElementById('status').textContent.length > 0")
    tab.js("document.querySelector('#record .cell').click()")
    tab.press("m")
    tab.write("New")
    tab.press("Tab")
    tab.write("7.00")
    tab.press("Enter")
    tab.until("document.querySelector('#record summary .hint')?.textContent === '251 items'")
    assert stored(server)[-1]["value"]["sku"] == "New"
    tab.press("A")
    tab.until("document.querySelector('#record .status.ok')")
    is_inert(tab)
    gold = tab.js("fetch('gold.jsonl').then((reply) => reply.text())").splitlines()
    assert [json.loads(line)["document"] for line in gold] == [HOSTILE, "third.txt"]
    value = json.loads(gold[0])["value"]
    assert (len(value["lines"]), value["lines"][1]["sku"], value["lines"][250]["amount"]) == (251, "Bolt", "7.00")


def test_a_correction_by_mouse_and_selection(browser: Browser, server: ReviewServer) -> None:
    """What is selected in the source fills the field; a row that was invented is struck out and leaves the gold."""
    tab = browser.tab(server.url + "#plain.txt")
    tab.until("document.querySelectorAll('#record .row').length === 2")
    tab.js("document.querySelectorAll('#record .row')[1].click()")
    tab.click("#actions [aria-keyshortcuts=e]")
    tab.js(
        "(() => { const node = document.querySelector('.block').lastChild;"
        " getSelection().setBaseAndExtent(node, node.length - 1, node, node.length);"
        " document.querySelector('.text').dispatchEvent(new PointerEvent('pointerup', { bubbles: true })); })()"
    )
    assert tab.js("document.querySelector('.edit input').value") == "5"
    tab.press("Enter")
    tab.until("document.querySelector('#record .changed')")
    assert (stored(server)[-1]["path"], stored(server)[-1]["value"]) == ("/total", "5")
    tab.click("#back")
    tab.until("!document.getElementById('overview').hidden")
    assert "corrected" in tab.text("#documents")


def test_what_was_typed_is_shown_in_its_place(browser: Browser, tmp_path: Path) -> None:
    """A corrected value is marked in the source at once, and a row that was added stands between its neighbours."""
    text = "Bill number 114\nOak board  80.00\nBolt  1.50\nGlue  4.20\n"
    value = {"number": "117", "lines": [{"item": "Oak board"}, {"item": "Glue"}]}
    spans = {
        f"/lines/{row}/item": (at, at + len(item), "exact")
        for row, (at, item) in enumerate(((16, "Oak board"), (44, "Glue")))
    }
    folder = output(tmp_path, [record("bill.txt", value, {"/number": (), **spans})], {"bill.txt": text})
    with serving(folder) as server:
        tab = browser.tab(server.url)
        tab.until("document.querySelector('#record .row')")
        tab.click("#record .row")
        tab.press("e")
        tab.js("document.querySelector('.edit input').value = '114'")
        tab.press("Enter")
        tab.until("document.querySelector('mark.on')?.textContent === '114'")
        tab.click(".items .cell")
        tab.press("m")
        tab.js("document.querySelector('.edit input').value = 'Bolt'")
        tab.press("Enter")
        tab.until("document.querySelectorAll('.items tbody tr').length === 3")
        found = "[...document.querySelectorAll('{}')].map((element) => element.textContent)"
        assert tab.js(found.format(".items td")) == ["Oak board", "Bolt", "Glue"]
        assert tab.js(found.format("mark")) == ["114", "Oak board", "Bolt", "Glue"]


def test_two_tabs(browser: Browser, server: ReviewServer) -> None:
    """Both work on one document; neither loses what the other did, and each sees it when it is looked at later."""
    one, other = (browser.tab(server.url + "#plain.txt") for _ in range(2))
    for tab in (one, other):
        tab.until("document.querySelectorAll('#record .row').length === 2")
    one.js("document.querySelectorAll('#record .row')[0].click()")
    one.press("a")
    one.until("document.querySelector('#record .accepted')")
    other.js("document.querySelectorAll('#record .row')[1].click()")
    other.press("a")
    other.until("document.querySelectorAll('#record .accepted').length === 2")
    one.js("dispatchEvent(new Event('focus'))")
    one.until("document.querySelectorAll('#record .accepted').length === 2")
    assert [line["path"] for line in stored(server)] == ["/merchant", "/total"]


def test_a_refused_correction_is_one_line(browser: Browser, server: ReviewServer, tmp_path: Path) -> None:
    """It says what is wrong beside the field, which stays as it was typed."""
    tab = browser.tab(server.url + ADDRESS)
    tab.until("document.querySelectorAll('#record .row').length > 2")
    tab.js("[...document.querySelectorAll('#record .row')].find((row) => row.title === '/number').click()")
    tab.press("e")
    tab.write("many")
    tab.press("Enter")
    tab.until("document.querySelector('.edit .wrong').textContent")
    assert tab.text(".edit .wrong").endswith("@ /number")
    assert (tab.js("document.querySelector('.edit input').value"), stored(server)) == ("many", [])


def test_the_file_exports_its_corrections(browser: Browser, tmp_path: Path) -> None:
    """Steps on the page without a server are stored in the browser, and exported as the command takes them in."""
    out = output(tmp_path, RECORDS, TEXTS)
    address = write_report(out).as_uri()
    tab = browser.tab(address + "#third.txt")
    tab.js("document.querySelectorAll('#record .row')[1].click()")
    tab.press("e")
    tab.write("13")
    tab.press("Enter")
    tab.until("document.querySelector('#record .changed')")
    assert tab.text("#exports") == "Export 1 correction"
    tab.call("Page.reload")
    tab.until("document.querySelector('#record .changed')?.innerText.includes('13')")
    tab.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=str(tmp_path / "down"), eventsEnabled=True)
    tab.js("document.querySelector('#exports button').click()")
    tab.browser.wait("Browser.downloadProgress", lambda event: event["state"] == "completed")
    exported = tmp_path / "down" / "corrections.jsonl"
    assert tab.complaints() == []
    gold = tmp_path / "gold.jsonl"
    done = CliRunner().invoke(app, ["review", str(out), "--import", str(exported), "--gold", str(gold)])
    assert done.exit_code == 0, done.output
    line = json.loads(gold.read_text())
    assert (line["document"], line["value"]) == ("third.txt", {"merchant": "Birch", "total": "13"})


WORDS = [[(100, 700, "Total 42"), (100, 600, "Paid in cash")], [(100, 500, "Owner Ada Quill")]]


def test_pages_are_drawn_as_they_are_looked_at(browser: Browser, tmp_path: Path) -> None:
    """A PDF of two pages: the page of a value is shown with a box on it, and a box leads to its value."""
    source, out = tmp_path / "two.pdf", tmp_path / "out"
    source.write_bytes(pdf(*WORDS))
    out.mkdir()
    text = load(source).text
    evidence = [
        {"path": "/total", "start": text.index("42"), "end": text.index("42") + 2, "page": 1, "tier": "exact"},
        {"path": "/owner", "start": text.index("Ada"), "end": text.index("Ada") + 9, "page": 2, "tier": "exact"},
    ]
    digest = sha256(source.read_bytes()).hexdigest()
    line = record("two.pdf", {"total": "42", "owner": "Ada Quill"}, sha256=digest, evidence=evidence)
    output(out, [line], {"two.pdf": text})
    journal = Journal(out / "journal.sqlite")
    journal.keep_row(line, place=str(source), settings="", run=1)
    journal.close()
    with serving(out) as server:
        tab = browser.tab(server.url)
        tab.until("document.querySelector('.paper .box')")
        assert tab.text("#tabs").split("\n")[-2] == "Page 1 of 2"
        tab.click(".paper .box")
        assert tab.text("#record .row.on").startswith("total")
        tab.press("ArrowDown")
        tab.until("document.querySelector('.box.on')?.title === '/owner'")
        left, top, width, height = tab.js(
            "(({ left, top, width, height }) => [left, top, width, height].map(parseFloat))"
            "(document.querySelector('.box.on').style)"
        )
        assert (left, top) == (pytest.approx(100 * 131 / 612, abs=3), pytest.approx(100 * (792 - 510) / 792, abs=2))
        assert width < 12
        assert height < 3
        tab.press("[")
        tab.until("document.querySelector('.box')?.title === '/total'")
        source.unlink()
        later = browser.tab(server.url)
        later.until("document.querySelector('#source .text')")
        assert later.js("document.querySelector('.frame')") is None


def test_the_page_of_a_scan_shows_its_picture_and_boxes(browser: Browser, tmp_path: Path) -> None:
    """In a file with pictures, and on the server: a box where the value stands; what was not found alone is flagged."""
    out = deed(tmp_path)
    with ExitStack() as stack:
        for address in (write_report(out, pictures=True).as_uri(), stack.enter_context(serving(out)).url):
            tab = browser.tab(address)
            tab.until("document.querySelector('.paper .box')")
            box = tab.js(
                "(({ left, top, width, height }) => [left, top, width, height])(document.querySelector('.box').style)"
            )
            assert box == ["10%", "20%", "40%", "10%"]
            assert tab.js("[...document.querySelectorAll('.tier')].map((tier) => tier.textContent)")[:4] == [
                *("exact, p. 1", "from a picture, p. 1", "a choice", "not in source")
            ]
            assert tab.js("document.querySelectorAll('.tier.flag').length") == 1
            is_inert(tab)


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [420, 1280])
def test_it_fits_the_screen(browser: Browser, server: ReviewServer, width: int, dark: bool) -> None:
    """Nothing is wider than a phone or a desk, everything that can be pressed has a name, and text is legible."""
    tab = browser.tab(server.url, width=width, dark=dark)
    for address in ("", ADDRESS):
        tab.js(f"location.hash = {json.dumps(address)}")
        tab.until(f"document.getElementById('reader').hidden === {json.dumps(not address)}")
        assert tab.js("document.documentElement.scrollWidth") <= width
        assert tab.js(LOOKS) == {"nameless": [], "faint": []}
