"""Real HTTP on loopback: what is sent, how replies and breakages come back, and that nothing leaks."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
import traceback
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpcore
import httpx
import pytest

from extractor.call import connections
from extractor.call.connections import Secrets
from extractor.call.endpoint import Endpoint
from extractor.call.http import HttpTransport
from extractor.call.ledger import Ledger
from extractor.call.limits import Limits
from extractor.call.recorder import Recorder
from extractor.emulator.server import Emulator
from extractor.errors import AccountError, BrokenReply, Busy, ServiceError, TooSlow, Unreachable, Unreached
from extractor.wire.prices import Price, price_of
from extractor.wire.requests import Gateway
from extractor.wire.values import Reply, Request, ToolCall
from tests.call.kit import over_http

Sender = Callable[..., list[Reply]]


def _endpoint(emulator: Emulator) -> Endpoint:
    return Endpoint(emulator.base_url, emulator.account_id, emulator.token, emulator.model, price_of(emulator.model))


def _request(text: str = "hello", **more: object) -> Request:
    body = {"messages": [{"role": "user", "content": text}], "max_completion_tokens": 50, **more}
    return Request(body, affinity="schema-1")


def send(endpoint: Endpoint, requests: list[Request], limits: Limits | None = None, **more: float) -> list[Reply]:
    async def run() -> list[Reply | BaseException]:
        async with HttpTransport(endpoint, limits=limits, **more) as transport:
            return await asyncio.gather(*map(transport.send, requests), return_exceptions=True)

    return _raised(asyncio.run(run()))


def _raised(replies: list[Reply | BaseException]) -> list[Reply]:
    for one in replies:
        if isinstance(one, BaseException):
            raise one
    return replies  # type: ignore[return-value]


def test_a_request_comes_back_as_a_reply() -> None:
    """The body goes out as JSON with the token and the affinity; content, usage and cost come back."""
    with Emulator(reply=lambda body: {"seen": body["messages"][0]["content"]}) as emulator:
        (reply,) = send(_endpoint(emulator), [_request("Grüße, 世界")])
        (exchange,) = emulator.requests
    assert reply.content == '{"seen":"Grüße, 世界"}'
    assert reply.usage is not None
    assert reply.usage == exchange.usage or reply.usage.prompt_tokens == exchange.usage.prompt_tokens
    assert reply.usage.cost_usd == pytest.approx(emulator.usage.cost_usd)
    assert exchange.headers["authorization"] == f"Bearer {emulator.token}"
    assert exchange.headers["x-session-affinity"] == "schema-1"
    assert exchange.body == _request("Grüße, 世界").body


def test_a_long_body_arrives_whole() -> None:
    """What goes out in pieces is put together again."""
    text = "".join(f"{number} Grüße\n" for number in range(30_000))
    with Emulator(reply=lambda body: "seen") as emulator:
        (reply,) = send(_endpoint(emulator), [_request(text)])
        (exchange,) = emulator.requests
    assert reply.content == "seen"
    assert exchange.body == _request(text).body


def test_many_at_once() -> None:
    """Three hundred requests at once each get their own reply, with no more in flight than the limit allows."""
    most = out = 0

    async def answer(body: dict[str, object]) -> dict[str, object]:
        nonlocal most, out
        out += 1
        most = max(most, out)
        await asyncio.sleep(0.002)
        out -= 1
        return {"seen": body["messages"][0]["content"]}  # type: ignore[index]

    with Emulator(reply=answer) as emulator:
        replies = send(_endpoint(emulator), [_request(str(n)) for n in range(300)], Limits(in_flight=20))
    assert [reply.content for reply in replies] == [f'{{"seen":"{number}"}}' for number in range(300)]
    assert 1 < most <= 20


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("busy", Busy),
        ("rate_limit", Busy),
        ("unavailable", Busy),
        ("timeout", TooSlow),
        ("unauthorized", AccountError),
        ("quota", AccountError),
        ("truncated_body", BrokenReply),
        ("dropped", (BrokenReply, Unreachable)),
    ],
)
def test_faults_come_back_as_their_errors(fault: str, error: type[ServiceError]) -> None:
    """What the service refuses, and what breaks on the way, is the error of the tree that it stands for."""
    with (
        Emulator(reply=lambda body: {"a": "b" * 3000}, faults={fault: 1.0}) as emulator,
        pytest.raises(error) as raised,
    ):
        send(_endpoint(emulator), [_request()])
    assert emulator.token not in f"{raised.value!r} {raised.value}"


def test_a_wrong_token_is_never_shown() -> None:
    """The error of a refused token says what to check and not the token."""
    with Emulator(reply=lambda body: "x") as emulator:
        endpoint = Endpoint(emulator.base_url, emulator.account_id, "my-secret-token")
        with pytest.raises(AccountError, match="token") as raised:
            send(endpoint, [_request()])
    assert "my-secret-token" not in f"{raised.value} {raised.value!r} {endpoint!r}"


def _with_status(status: int, body: bytes) -> Callable[[socket.socket], object]:
    return lambda connection: connection.sendall(
        b"HTTP/1.1 %d Said\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body)
    )


@pytest.mark.parametrize(
    "answer",
    [
        _with_status(400, b'{"errors": [{"code": 5006, "message": "there was s3cr3t-t0ken in a header"}]}'),
        _with_status(400, b"x" * 380 + b" s3cr3t-t0ken"),
        _with_status(200, b'{"error": "what is s3cr3t-t0ken doing here"}'),
        lambda connection: connection.sendall(b"s3cr3t-t0ken is no status line\r\n\r\n"),
        lambda connection: connection.sendall(
            b"HTTP/1.1 400 Bad\r\ncf-ai-req-id: s3cr3t-t0ken\r\ncontent-length: 2\r\n\r\n{}"
        ),
    ],
    ids=["a refusal", "at its end", "an error inside", "no HTTP", "as its id"],
)
def test_a_token_that_comes_back_is_masked(answer: Callable[[socket.socket], object]) -> None:
    """A server that repeats the token in its own words, wherever, is quoted without it; so is the traceback."""
    with _server(answer) as endpoint, pytest.raises(ServiceError) as raised:
        send(endpoint, [_request()])
    assert "s3cr3t-t0ken" not in "".join(traceback.format_exception(raised.value))
    assert raised.value.request_id in (None, "***")


def test_a_reply_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that is larger than any answer is not taken in whole."""
    monkeypatch.setattr(connections, "LARGEST", 10_000)
    with (
        _server(_with_status(200, b" " * 20_000)) as endpoint,
        pytest.raises(BrokenReply, match="larger than 10,000 bytes"),
    ):
        send(endpoint, [_request()])


@pytest.mark.parametrize(
    ("encoding", "body", "message"),
    [
        ("gzip", gzip.compress(bytes(10_000_000), mtime=0), "larger than 10,000 bytes"),
        ("gzip, gzip", gzip.compress(gzip.compress(bytes(10_000_000), mtime=0), mtime=0), "was not asked for"),
        ("br", b"whatever", "was not asked for"),
        ("gzip", b"no gzip at all", "not whole"),
        ("deflate", zlib.compress(b'{"result": {}}')[:-9], "not whole"),
    ],
)
def test_a_packed_reply_is_counted_as_it_is_unpacked(
    encoding: str, body: bytes, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However small it comes, it is counted while it is unpacked; a broken pack is a broken reply."""
    monkeypatch.setattr(connections, "LARGEST", 10_000)
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: {encoding}\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    with (
        _server(lambda connection: connection.sendall(head + body)) as endpoint,
        pytest.raises(BrokenReply, match=message),
    ):
        send(endpoint, [_request()])


def test_secrets_are_masked_by_parts() -> None:
    """A piece of a token, as where somebody cut it, is masked like the whole; other words stay."""
    secrets = Secrets("s3cr3t-t0ken-0123456789")
    assert secrets.hidden("token s3cr3t-t0ken-0123456789!") == "token ***!"
    assert secrets.hidden("cut: s3cr3t-t0ken... and ken-0123456, as is ken-012") == "cut: ***... and ***, as is ken-012"
    assert secrets.hidden("nothing of it") == "nothing of it"


def test_replies_repeat_no_secret() -> None:
    """Wherever a reply repeats a token, all of it or a piece, it is masked, and so are tokens that spell it."""
    secrets = Secrets("s3cr3t-t0ken-0123456789")
    call = ToolCall("s3cr3t-t0ken-0123456789", "note", '{"x": "ken-012345"}')
    reply = Reply("is s3cr3t-t0", reasoning="0123456789", tool_calls=(call,), logprobs=(("s3cr", -0.1),), others=("a",))
    hidden = Reply("is ***", reasoning="***", tool_calls=(ToolCall("***", "note", '{"x": "***"}'),), others=("a",))
    assert secrets.hidden_in(reply) == replace(hidden, masked=True)
    thought = secrets.hidden_in(Reply("yes", reasoning="s3cr3t-t0ken-0123456789"))
    assert (thought.reasoning, thought.masked) == ("***", False)
    assert secrets.hidden_in(other := Reply("nothing of it", logprobs=(("no", -0.1),))) is other


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def _server(answer: Callable[[socket.socket], object]) -> Iterator[Endpoint]:
    """A server of one connection that says whatever it likes."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def work() -> None:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection, suppress(OSError):
                connection.recv(65536)
                answer(connection)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65536):  # a connection that is closed over what was not read is reset
                    pass

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield Endpoint(f"http://127.0.0.1:{listener.getsockname()[1]}", "a", "s3cr3t-t0ken", price=Price(1, 1, 1))
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def test_nobody_there() -> None:
    """A refused connection says which host, and costs nothing of the budget."""
    ledger = Ledger(Price(1, 1, 1), cap=1.0)
    endpoint = Endpoint(f"http://127.0.0.1:{_free_port()}", "a", "secret")
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1 cannot be reached"):
        send(endpoint, [_request()], Limits(ledger=ledger))
    assert ledger.spent == 0


def test_nobody_there_any_more() -> None:
    """A host that is gone may come back; only where nobody has ever answered is the address itself in doubt."""
    with asyncio.Runner() as loop:

        def sent(transport: HttpTransport) -> str:
            return loop.run(transport.send(_request())).content

        with Emulator(reply=lambda body: "yes") as emulator:
            gone, lost = HttpTransport(_endpoint(emulator)), HttpTransport(_endpoint(emulator))
            assert sent(gone) == "yes"
        for transport, error in ((gone, Unreachable), (lost, Unreached)):
            with pytest.raises(error, match="cannot be reached") as raised:
                sent(transport)
            assert type(raised.value) is error
            loop.run(transport.aclose())


def test_closing_while_a_request_is_out() -> None:
    """Its connection is closed when it ends, although the transport has begun others since."""

    async def run(emulator: Emulator) -> list[str]:
        transport = HttpTransport(_endpoint(emulator))
        slow = asyncio.create_task(transport.send(_request("slow")))
        await asyncio.to_thread(arrived.wait)
        await transport.aclose()
        replies = [await transport.send(_request("fast"))]
        answers.set()
        replies.append(await slow)
        await transport.aclose()
        return [reply.content for reply in replies]

    async def answer(body: Mapping[str, Any]) -> str:
        if body["messages"][0]["content"] == "slow":
            arrived.set()
            await asyncio.to_thread(answers.wait)
        return "yes"

    arrived, answers = threading.Event(), threading.Event()
    opened: list[httpx.AsyncHTTPTransport] = []
    closed: list[httpx.AsyncHTTPTransport] = []

    class Transport(httpx.AsyncHTTPTransport):
        def __init__(self, **options: Any) -> None:
            super().__init__(**options)
            opened.append(self)

        async def aclose(self) -> None:
            closed.append(self)
            await super().aclose()

    with Emulator(reply=answer) as emulator, patch.object(httpx, "AsyncHTTPTransport", Transport):
        assert asyncio.run(run(emulator)) == ["yes", "yes"]
    assert len(opened) == 2
    assert set(closed) == set(opened)


def test_a_connection_that_breaks_keeps_its_reservation() -> None:
    """Once a request is out nobody knows whether it was billed, so the budget counts it at its most."""
    ledger = Ledger(Price(1, 1, 1), cap=1.0)
    with _server(lambda connection: None) as endpoint, pytest.raises((BrokenReply, Unreachable)):
        send(endpoint, [_request()], Limits(ledger=ledger))
    assert ledger.spent > 0


@pytest.mark.parametrize(("price", "cost"), [(Price(1, 1, 1), 0.0), (None, None)])
def test_what_a_broken_reply_may_have_cost(price: Price | None, cost: float | None) -> None:
    """The most that it can be, beside what is known to be paid; where the price is unknown, so is the cost."""
    with (
        _server(lambda connection: connection.sendall(_OK + b"content-length: 9\r\n\r\n{")) as endpoint,
        pytest.raises(BrokenReply) as raised,
    ):
        send(replace(endpoint, price=price), [_request()])
    usage = raised.value.usage
    assert usage is not None
    assert usage.cost_usd == cost
    assert (usage.perhaps_usd > 0) == (price is not None)


def _silence(connection: socket.socket, done: threading.Event) -> None:
    done.wait(10)


def _trickle(start: bytes, piece: bytes) -> Callable[[socket.socket, threading.Event], None]:
    def answer(connection: socket.socket, done: threading.Event) -> None:
        connection.sendall(start)
        while not done.wait(0.02):
            try:
                connection.sendall(piece)
            except OSError:
                return

    return answer


_OK = b"HTTP/1.1 200 OK\r\n"
_TRICKLES = {
    "a body": _trickle(_OK + b"content-length: 100000\r\n\r\n", b" "),
    "a header": _trickle(_OK + b"x-name: ", b"a"),
    "hints": _trickle(b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
    "a name in gzip": _trickle(_OK + b"content-encoding: gzip\r\n\r\n\x1f\x8b\x08\x08" + bytes(6), b"a"),
    "comments": _trickle(_OK + b"content-type: text/event-stream\r\n\r\n", b": wait\n\n"),
}


@pytest.mark.parametrize("server", [_silence, *_TRICKLES.values()], ids=["nothing", *_TRICKLES])
def test_a_reply_that_never_ends_is_given_up(server: Callable[..., None]) -> None:
    """A server that never answers, or without end by one byte at a time, has as long as was set and no longer."""
    done = threading.Event()
    with _server(lambda connection: server(connection, done)) as endpoint:
        with pytest.raises(Unreachable, match="no whole reply"):
            send(endpoint, [_request()], seconds=0.2)
        done.set()


def test_through_an_ai_gateway_by_its_address() -> None:
    """The older form: the gateway's own address serves the model, and refuses in its own shape."""
    with Emulator(reply=lambda body: "yes") as emulator:
        endpoint = Endpoint(emulator.gateway_url, emulator.account_id, emulator.token)
        assert send(endpoint, [_request()])[0].content == "yes"
    assert emulator.requests[0].path == f"/v1/{emulator.account_id}/gateway/workers-ai/{emulator.model}"


def test_through_an_ai_gateway_by_header() -> None:
    """The newer form: the same address as ever, and headers that choose the gateway and say what it may do."""
    with Emulator(reply=lambda body: "yes") as emulator:
        gateway = Gateway(name="mine", token="gateway-token", skip_cache=True, metadata={"run": 7})
        endpoint = replace(_endpoint(emulator), gateway=gateway)
        assert send(endpoint, [_request()])[0].content == "yes"
    sent = {name: value for name, value in emulator.requests[0].headers.items() if name.startswith("cf-aig-")}
    assert sent == {
        "cf-aig-gateway-id": "mine",
        "cf-aig-authorization": "Bearer gateway-token",
        "cf-aig-skip-cache": "true",
        "cf-aig-metadata": '{"run":7}',
    }


def test_what_a_gateway_refuses() -> None:
    """The gateway's shape of an error is read like any other."""
    with Emulator(reply=lambda body: "yes", faults={"gateway": 1.0}) as emulator:
        endpoint = Endpoint(emulator.gateway_url, emulator.account_id, emulator.token)
        with pytest.raises(Busy) as raised:
            send(endpoint, [_request()])
    assert (raised.value.code, raised.value.status) == (2002, 500)


def test_a_cancelled_request_gives_its_place_back() -> None:
    """A task that is cancelled half way leaves the limits as they were, and the next request goes through."""

    async def run(emulator: Emulator) -> str:
        async with HttpTransport(_endpoint(emulator), limits=Limits(in_flight=1)) as transport:
            task = asyncio.create_task(transport.send(_request("slow")))
            while not emulator.requests:
                await asyncio.sleep(0)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            return (await transport.send(_request("fast"))).content

    async def answer(body: dict[str, object]) -> str:
        if body["messages"][0]["content"] == "slow":  # type: ignore[index]
            await asyncio.sleep(5)
        return "yes"

    with Emulator(reply=answer) as emulator:
        assert asyncio.run(run(emulator)) == "yes"


def test_proxies_of_the_environment_are_not_for_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy that the environment names is used for other hosts, and never on loopback."""
    proxy = f"http://user:proxy-password@127.0.0.1:{_free_port()}"
    for name in ("http_proxy", "https_proxy"):
        monkeypatch.setenv(name, proxy)
    monkeypatch.delenv("no_proxy", raising=False)
    with Emulator(reply=lambda body: "yes") as emulator:
        assert send(_endpoint(emulator), [_request()])[0].content == "yes"
    with pytest.raises(Unreachable) as raised:
        send(Endpoint("https://api.example.invalid/client/v4", "a", "t"), [_request()])
    assert "proxy-password" not in str(raised.value)


def _open_files() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


def test_no_socket_is_left_behind() -> None:
    """Hundreds in flight, faults among them, leave as many open files as there were before."""
    with Emulator(reply=lambda body: "yes", faults={"reasoning_content": 0.3}, latency=0.05) as emulator:
        send(_endpoint(emulator), [_request("warm")])
        before = _open_files()
        send(_endpoint(emulator), [_request(str(number)) for number in range(200)], Limits(in_flight=200))
    assert _open_files() <= before


class _Counting(BaseHTTPRequestHandler):
    """Answers everything alike, and counts connections."""

    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self) -> None:
        _Counting.connections += 1
        super().setup()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        body = b'{"result": {"response": "yes"}, "success": true}'
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


async def _ten_in_a_row(transport: HttpTransport) -> set[str]:
    return {(await transport.send(_request())).content for _ in range(10)}


@pytest.mark.parametrize(("readable", "connections"), [(True, 1), (False, 10)])
def test_connections_are_used_again(readable: bool, connections: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ten requests in a row go over one connection, unless it cannot be told whether bytes came behind a reply."""
    if not readable:
        monkeypatch.setattr(httpcore.AsyncConnectionPool, "connections", [object()])
    monkeypatch.setattr(_Counting, "connections", 0)
    with ThreadingHTTPServer(("127.0.0.1", 0), _Counting) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        endpoint = Endpoint(f"http://127.0.0.1:{server.server_port}", "a", "t")
        contents = over_http(endpoint, _ten_in_a_row)
        server.shutdown()
        thread.join()
    assert contents == {"yes"}
    assert _Counting.connections == connections


def test_half_an_exchange_is_not_recorded() -> None:
    """A reply that breaks off is an error of the request, and no fixture of later tests."""
    half = b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"
    with _server(lambda connection: connection.sendall(half)) as endpoint:
        recorder = Recorder(endpoint)
        with pytest.raises(BrokenReply, match="not whole"):
            asyncio.run(recorder.send("POST", "run/@cf/maker/model", {}))
    assert recorder.exchanges == []
