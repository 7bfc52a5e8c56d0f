"""The review server: open to who knows its address alone, true to the files of the run, and safe against two tabs."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from pydantic import BaseModel
from typer.testing import CliRunner

from extractor.cli.app import app
from extractor.errors import UsageError
from extractor.review.server import ReviewServer, Run
from extractor.schema.compiler import compile_schema
from tests.review.kit import output, record, serving

HOSTILE = '</script><img src=x onerror="alert(1)"> ../../etc/passwd?#%00'


class Note(BaseModel):
    """A note."""

    total: float
    merchant: str


RECORDS = [
    record("a.txt", {"total": 5.0, "merchant": "Dunmoor"}, {"/total": (), "/merchant": (0, 7, "exact")}),
    record(HOSTILE, {"total": 1.0, "merchant": HOSTILE}, {"/total": (0, 1, "exact")}),
    record("c.txt", None, status="failed", problems=[{"path": "", "message": "empty"}]),
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ReviewServer]:
    output(tmp_path, RECORDS, {"a.txt": "Dunmoor 5"})
    with serving(tmp_path, compile_schema(Note, counts=True)) as running:
        yield running


def ask(server: ReviewServer, place: str, body: Any = None, **headers: str) -> tuple[HTTPResponse, bytes]:
    """A reply and its body; `place` is below the token, or a whole path."""
    path = place if place.startswith("/") else f"/{server.token}/{place}"
    connection = HTTPConnection("127.0.0.1", server.server_port, timeout=20)
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    sent = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
    connection.request("GET" if body is None else "POST", path, data, sent)
    reply = connection.getresponse()
    content = reply.read()
    connection.close()
    return reply, content


def answer(server: ReviewServer, place: str, body: Any = None) -> Any:
    reply, content = ask(server, place, body)
    assert reply.status == 200, content
    return json.loads(content)


FOREIGN: list[tuple[str, dict[str, str], int]] = [
    ("/", {}, 404),
    ("/index", {}, 404),
    ("/wrong-token/index", {}, 404),
    ("nowhere", {}, 404),
    ("//[", {}, 404),
    ("../index", {}, 404),
    ("index", {"Host": "evil.example"}, 403),
    ("index", {"Host": "127.0.0.1:1"}, 403),
    ("index", {"Origin": "http://evil.example"}, 403),
    ("index", {"Origin": "null"}, 403),
    ("step", {"Origin": "http://evil.example"}, 403),
]


@pytest.mark.parametrize(("place", "headers", "status"), FOREIGN)
def test_who_does_not_know_the_address_gets_nothing(
    server: ReviewServer, place: str, headers: dict[str, str], status: int
) -> None:
    """Without the token, under another host's name, or from another page: an error that tells nothing."""
    reply, content = ask(server, place, {} if place == "step" else None, **headers)
    assert (reply.status, content) == (status, b"Forbidden" if status == 403 else b"Not Found")


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{}", {"Content-Type": "text/plain"}, 404),  # what a form of another page could send
        (b"x" * 10, {}, 400),
        (b"[]", {}, 400),
        (b"", {"Content-Length": "9999999"}, 413),
    ],
)
def test_a_body_that_is_no_correction(server: ReviewServer, body: bytes, headers: dict[str, str], status: int) -> None:
    """It is refused by its type, its size or in one line, and nothing is stored."""
    assert ask(server, "step", body, **headers)[0].status == status
    assert not (server.run.out / "corrections.jsonl").exists()


def test_it_listens_on_loopback_alone(server: ReviewServer) -> None:
    """The address is one of this machine, with a token that is another one each time."""
    with ReviewServer(server.run) as other:
        assert other.token != server.token
        assert len(other.token) >= 32
    assert server.url.startswith("http://127.0.0.1:")


def test_a_port_that_is_taken(server: ReviewServer) -> None:
    """It is named in one line."""
    with pytest.raises(UsageError, match=rf"port {server.server_port} cannot be used: .*name another --port"):
        ReviewServer(server.run, port=server.server_port)


def test_the_page_lets_only_its_own_script_run(server: ReviewServer) -> None:
    """Its style and script by their hashes, no other source of anything but the server itself; nothing is cached."""
    reply, content = ask(server, "")
    policy = reply.headers["Content-Security-Policy"]
    for tag in ("style", "script"):
        (source,) = re.findall(rf"<{tag}\b[^>]*>(.*?)</{tag}>", content.decode(), re.DOTALL)
        assert f"{tag}-src 'sha256-{b64encode(sha256(source.encode()).digest()).decode()}';" in policy
    for rule in ("default-src 'none'", "img-src data:", "connect-src 'self'", "frame-ancestors 'none'"):
        assert rule in policy
    assert "unsafe" not in policy
    assert (reply.headers["Cache-Control"], reply.headers["Referrer-Policy"]) == ("no-store", "no-referrer")


def test_the_list_is_light(server: ReviewServer) -> None:
    """A line for each document, without its values."""
    index = answer(server, "index")
    assert [line["name"] for line in index["documents"]] == ["a.txt", HOSTILE, "c.txt"]
    assert [line["flagged"] for line in index["documents"]] == [True, False, True]
    assert "Dunmoor" not in json.dumps(index["documents"])
    assert index["fields"]["/total"]["kind"] == "number"


def test_documents_are_loaded_one_at_a_time(server: ReviewServer) -> None:
    """By name, whatever that is; an unknown one is named."""
    for line in RECORDS:
        assert answer(server, f"document?name={quote(line['document'])}")["line"]["name"] == line["document"]
    reply, content = ask(server, "document?name=zzz")
    assert (reply.status, json.loads(content)["error"]) == (400, "there is no document 'zzz' in this run")


def test_values_are_found(server: ReviewServer) -> None:
    """Text in any field, or in one; a field alone lists its values. What was corrected is found as it is now."""
    assert answer(server, "find?field=&text=dunm") == {"a.txt": "Dunmoor"}
    assert answer(server, "find?field=/total&text=dunm") == {}
    assert answer(server, "find?field=/total&text=") == {"a.txt": "5.0", HOSTILE: "1.0"}
    answer(server, "step", {"document": "a.txt", "action": "correct", "path": "/total", "text": "6"})
    assert answer(server, "find?field=/total&text=6") == {"a.txt": "6.0"}


def test_a_step_is_stored_before_it_is_answered(server: ReviewServer) -> None:
    """The file has the whole line; the reply has the document with it, and undoing takes it back."""
    step = {"document": "a.txt", "sha256": "", "action": "correct", "path": "/total", "text": "6,50"}
    found = answer(server, "step", step)
    (line,) = (server.run.out / "corrections.jsonl").read_text().splitlines()
    assert (json.loads(line)["value"], json.loads(line)["was"]) == (6.5, 5.0)
    row = next(row for row in found["fields"] if row["path"] == "/total")
    assert (row["value"], row["state"], row["was"]) == ("6.5", "correct", "5.0")
    assert (found["line"]["flags"], found["line"]["corrected"]) == (0, True)
    undone = answer(server, "step", {"document": "a.txt", "action": "undo", "step": found["steps"][0]["id"]})
    assert (undone["line"]["flags"], undone["steps"]) == (1, [])
    reply, content = ask(server, "step", {"document": "a.txt", "action": "undo", "step": found["steps"][0]["id"]})
    assert (reply.status, json.loads(content)["error"]) == (400, "this step of a.txt is undone already")


def test_a_step_of_an_older_record_is_not_stored(server: ReviewServer) -> None:
    """A run that reads other values in the same file may have another row at the path of the step."""
    line = answer(server, "document?name=a.txt")["line"]
    step = {"document": "a.txt", "version": line["version"], "action": "correct", "path": "/total", "text": "6"}
    older = answer(server, "step", step)["line"]
    assert older["version"] == line["version"]
    output(server.run.out, [{**RECORDS[0], "value": {**RECORDS[0]["value"], "total": 7.0}}])
    reply, content = ask(server, "step", {**step, "text": "8"})
    assert (reply.status, json.loads(content)["error"]) == (
        400,
        "a.txt has been extracted again since: open it again",
    )


def test_what_the_schema_refuses_is_not_stored(server: ReviewServer) -> None:
    """One line that says what is wrong."""
    step = {"document": "a.txt", "action": "correct", "path": "/total", "text": "many"}
    reply, content = ask(server, "step", step)
    assert reply.status == 400
    assert json.loads(content)["error"].endswith("@ /total")
    assert not (server.run.out / "corrections.jsonl").exists()


def test_two_tabs_do_not_lose_each_others_steps(server: ReviewServer) -> None:
    """Steps that are sent at the same time are all there."""

    def send(number: int) -> None:
        answer(
            server, "step", {"document": "a.txt", "action": "correct", "path": "/merchant", "text": f"shop {number}"}
        )

    with ThreadPoolExecutor(8) as tabs:
        list(tabs.map(send, range(40)))
    assert len(answer(server, "document?name=a.txt")["steps"]) == 40


def test_a_later_run_keeps_the_corrections(server: ReviewServer) -> None:
    """Records that are replaced while the page is open are read again, and the corrections apply to them."""
    answer(server, "step", {"document": "a.txt", "action": "correct", "path": "/total", "text": "6"})
    later = [record("b.txt", {"total": 1.0, "merchant": "x"}), {**RECORDS[0], "value": {"total": 7.0, "merchant": "D"}}]
    text = "".join(json.dumps(line) + "\n" for line in later)
    beside = server.run.out / "beside"
    beside.write_text(text, encoding="utf-8")
    beside.replace(server.run.out / "records.jsonl")
    assert [line["name"] for line in answer(server, "index")["documents"]] == ["b.txt", "a.txt"]
    row = answer(server, "document?name=a.txt")["fields"][0]
    assert (row["value"], row["state"]) == ("6.0", "correct")


def test_gold_and_corrected_records(server: ReviewServer) -> None:
    """Gold has the documents that were reviewed and are not flagged any more, with text, for `eval` and as examples."""
    assert ask(server, "gold.jsonl")[1] == b""
    answer(server, "step", {"document": HOSTILE, "action": "accept", "path": ""})
    answer(server, "step", {"document": "a.txt", "action": "correct", "path": "/merchant", "text": "D"})
    assert [json.loads(line)["document"] for line in ask(server, "gold.jsonl")[1].splitlines()] == [HOSTILE]
    answer(server, "step", {"document": "a.txt", "action": "correct", "path": "/total", "text": "6"})
    gold = [json.loads(line) for line in ask(server, "gold.jsonl")[1].splitlines()]
    assert gold[0] == {"document": "a.txt", "value": {"total": 6.0, "merchant": "D"}, "text": "Dunmoor 5"}
    corrected = [json.loads(line) for line in ask(server, "records.jsonl")[1].splitlines()]
    assert [line.get("corrected") for line in corrected] == [True, False, None]


def test_no_records(tmp_path: Path) -> None:
    """A folder that no run wrote to is a usage error that says what to do."""
    with pytest.raises(UsageError, match=r"no file .*records\.jsonl: run `extractor run"):
        Run(tmp_path)


def test_corrections_of_a_file_are_taken_in_and_become_gold(tmp_path: Path) -> None:
    """`--import` takes what report.html exported, each step checked; `--gold` writes what `eval` compares with."""
    output(tmp_path, RECORDS)
    (tmp_path / "schema.json").write_text(json.dumps(Note.model_json_schema()), encoding="utf-8")
    exported, gold = tmp_path / "exported.jsonl", tmp_path / "gold.jsonl"
    step = {"document": "a.txt", "sha256": "", "action": "correct", "path": "/total", "text": "6"}
    exported.write_text(json.dumps(step) + "\n", encoding="utf-8")
    run = ["review", str(tmp_path), "--schema", str(tmp_path / "schema.json")]
    done = CliRunner().invoke(app, [*run, "--import", str(exported), "--gold", str(gold)])
    assert (done.exit_code, done.output.splitlines()) == (
        0,
        [f"1 correction taken into {tmp_path / 'corrections.jsonl'}", f"1 reviewed document written to {gold}"],
    )
    assert json.loads(gold.read_text())["value"]["total"] == 6
    judged = CliRunner().invoke(app, ["eval", str(tmp_path), "--gold", str(gold), "--json"])
    assert json.loads(judged.output)["fields"]["total"]["f1"] == 0.0
    exported.write_text(json.dumps({**step, "text": "x"}), encoding="utf-8")
    wrong = CliRunner().invoke(app, [*run, "--import", str(exported)])
    assert wrong.exit_code == 2
    assert wrong.output.endswith("@ /total\n")
