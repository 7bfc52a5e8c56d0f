"""The way to the service: TLS, and the proxies of the environment, for threads and tasks alike."""

from __future__ import annotations

import asyncio
import gc
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import trustme

from extractor.call.connections import proxy_for
from extractor.call.endpoint import Endpoint
from extractor.call.http import HttpTransport
from extractor.errors import Unreachable, UsageError
from extractor.wire.values import Reply, Request

HOST = "api.example.test"
REQUEST = Request({"messages": [{"role": "user", "content": "hello"}], "max_completion_tokens": 50})
_BODY = b'{"result": {"response": "yes"}, "success": true}'
WHOLE = b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%s" % (len(_BODY), _BODY)

Sender = Callable[..., list[Reply]]
Serve = Callable[["Server", socket.socket], None]


def send(endpoint: Endpoint, times: int, seconds: float = 30.0) -> list[Reply]:
    async def run() -> list[Reply]:
        async with HttpTransport(endpoint, seconds=seconds) as transport:
            return [await transport.send(REQUEST) for _ in range(times)]

    return asyncio.run(run())


@dataclass
class Server:
    """A listener that gives each connection to `serve`, in a thread of its own, and counts them."""

    serve: Serve
    port: int = 0
    connections: int = 0
    seen: list[bytes] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)


@contextmanager
def _serving(serve: Serve) -> Iterator[Server]:
    server = Server(serve)
    with ExitStack() as stack, socket.create_server(("127.0.0.1", 0)) as listener:
        server.port = listener.getsockname()[1]

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                server.connections += 1
                thread = threading.Thread(target=handle, args=(connection,))
                thread.start()
                stack.callback(thread.join)

        def handle(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                serve(server, connection)

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield server
        finally:
            server.ended.set()
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join()


def _request(connection: socket.socket) -> bytes:
    """One request, whole; nothing where the peer is gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        if not (piece := connection.recv(65536)):
            return b""
        data += piece
    head, _, body = data.partition(b"\r\n\r\n")
    length = next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line), 0)
    while len(body) < length:
        body += connection.recv(65536)
    return head


def _answers(server: Server, connection: socket.socket) -> None:
    while head := _request(connection):
        server.seen.append(head)
        connection.sendall(WHOLE)


def _trickles(server: Server, connection: socket.socket) -> None:
    _request(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")
    while not server.ended.wait(0.02):
        connection.sendall(b" ")


def _never_shakes_hands(server: Server, connection: socket.socket) -> None:
    server.ended.wait(10)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The authority is one that this process trusts."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))


def _secured(authority: trustme.CA, serve: Serve) -> Serve:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(HOST, "127.0.0.1").configure_cert(context)

    def secured(server: Server, connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as inner:
            serve(server, inner)

    return secured


def _proxying(upstream: Server, *, refusing: bool = False) -> Serve:
    """A proxy to whom every host is the upstream server: CONNECT makes a tunnel, whole addresses it answers itself."""

    def serve(server: Server, connection: socket.socket) -> None:
        head = _request(connection)
        server.seen.append(head)
        if refusing:
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
        elif head.startswith(b"CONNECT "):
            with closing(socket.create_connection(("127.0.0.1", upstream.port))) as beyond:
                connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                _joined(connection, beyond)
        else:
            connection.sendall(WHOLE)

    return serve


def _joined(one: socket.socket, other: socket.socket) -> None:
    """Pass on what either says, until one of them has no more to say."""

    def passed_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while piece := source.recv(65536):
                target.sendall(piece)
        with suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    back = threading.Thread(target=passed_on, args=(other, one))
    back.start()
    passed_on(one, other)
    back.join()


def _endpoint(root: str) -> Endpoint:
    return Endpoint(root, "account", "s3cr3t-t0ken")


@pytest.mark.usefixtures("trusted")
def test_over_tls(authority: trustme.CA) -> None:
    """Requests in a row go over one connection, whose certificate is checked."""
    with _serving(_secured(authority, _answers)) as server:
        replies = send(_endpoint(f"https://127.0.0.1:{server.port}"), 5)
    assert [reply.content for reply in replies] == ["yes"] * 5
    assert server.connections == 1


def test_a_certificate_of_nobodys(authority: trustme.CA) -> None:
    """One that no known authority signed is refused, with the reason, before anything is sent."""
    with (
        _serving(_secured(authority, _answers)) as server,
        pytest.raises(Unreachable, match=r"127\.0\.0\.1 cannot be reached .*certificate verify failed"),
    ):
        send(_endpoint(f"https://127.0.0.1:{server.port}"), 1)
    assert server.seen == []


@pytest.mark.usefixtures("trusted")
def test_a_reply_that_trickles_over_tls_is_given_up(authority: trustme.CA) -> None:
    """Each byte comes in time, and the whole does not: it has as long as was set and no longer."""
    with (
        _serving(_secured(authority, _trickles)) as server,
        pytest.raises(Unreachable, match="no whole reply"),
    ):
        send(_endpoint(f"https://127.0.0.1:{server.port}"), 1, 0.3)


@pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")
def test_a_handshake_that_never_comes_is_given_up() -> None:
    """A server that takes the connection and says nothing has no longer than a reply may take."""
    with _serving(_never_shakes_hands) as server, pytest.raises(Unreachable):
        send(_endpoint(f"https://127.0.0.1:{server.port}"), 1, 0.3)
    gc.collect()  # httpcore leaves it to this to close a connection whose handshake was cancelled


@pytest.mark.usefixtures("trusted")
def test_through_a_proxy(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's proxy makes one tunnel, by the password that its address holds; the service sees none of it."""
    with _serving(_secured(authority, _answers)) as server, _serving(_proxying(server)) as proxy:
        monkeypatch.setenv("https_proxy", f"http://user:pass-w0rd@127.0.0.1:{proxy.port}")
        replies = send(_endpoint(f"https://{HOST}/client/v4"), 5)
    assert [reply.content for reply in replies] == ["yes"] * 5
    (connect,) = proxy.seen
    assert connect.startswith(b"CONNECT api.example.test:443 HTTP/1.1")
    assert b"basic dxnlcjpwyxnzlxcwcmq=" in connect.lower()
    assert b"s3cr3t-t0ken" not in connect
    assert (proxy.connections, server.connections) == (1, 1)
    assert all(b"proxy-authorization" not in head.lower() for head in server.seen)


@pytest.mark.usefixtures("trusted")
def test_a_reply_that_trickles_through_a_proxy_is_given_up(
    authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The tunnel changes nothing about how long a reply may take."""
    with _serving(_secured(authority, _trickles)) as server, _serving(_proxying(server)) as proxy:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{proxy.port}")
        with pytest.raises(Unreachable, match="no whole reply"):
            send(_endpoint(f"https://{HOST}"), 1, 0.3)


def test_a_proxy_that_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says is told, and nothing of its password."""
    with _serving(_answers) as server, _serving(_proxying(server, refusing=True)) as proxy:
        monkeypatch.setenv("https_proxy", f"http://user:pass-w0rd@127.0.0.1:{proxy.port}")
        with pytest.raises(Unreachable, match="407 Proxy Authentication Required") as raised:
            send(_endpoint(f"https://{HOST}"), 1)
    assert "pass-w0rd" not in str(raised.value)
    assert server.connections == 0


def test_in_the_clear_through_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """What needs no tunnel is asked of the proxy by its whole address; one without a scheme is an HTTP proxy."""
    with _serving(_answers) as server, _serving(_proxying(server)) as proxy:
        monkeypatch.setenv("http_proxy", f"127.0.0.1:{proxy.port}")
        assert send(_endpoint(f"http://{HOST}/client/v4"), 1)[0].content == "yes"
    assert proxy.seen[0].startswith(b"POST http://api.example.test/client/v4/accounts/account/ai/run/")


@pytest.mark.usefixtures("trusted")
def test_through_a_socks_proxy(authority: trustme.CA, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment's proxy for everything may be one that knows nothing of HTTP."""

    def socks(proxy: Server, connection: socket.socket) -> None:
        connection.recv(3)  # version 5, one method, none
        connection.sendall(b"\x05\x00")
        proxy.seen.append(connection.recv(1024)[4:])  # version, CONNECT, reserved, kind of address
        with closing(socket.create_connection(("127.0.0.1", server.port))) as beyond:
            connection.sendall(b"\x05\x00\x00\x01" + bytes(6))
            _joined(connection, beyond)

    with _serving(_secured(authority, _answers)) as server, _serving(socks) as proxy:
        monkeypatch.setenv("all_proxy", f"socks5h://127.0.0.1:{proxy.port}")
        replies = send(_endpoint(f"https://{HOST}"), 3)
    assert [reply.content for reply in replies] == ["yes"] * 3
    assert proxy.seen == [bytes([len(HOST)]) + HOST.encode() + (443).to_bytes(2)]


@pytest.mark.parametrize(
    ("scheme", "host", "environment", "proxy"),
    [
        ("https", HOST, {}, None),
        ("https", HOST, {"https_proxy": "http://p:1"}, "http://p:1"),
        ("https", HOST, {"https_proxy": "p:1"}, "http://p:1"),
        ("https", HOST, {"http_proxy": "http://p:1"}, None),
        ("http", HOST, {"http_proxy": "http://p:1"}, "http://p:1"),
        ("https", HOST, {"all_proxy": "http://p:1"}, "http://p:1"),
        ("https", HOST, {"https_proxy": "http://p:1", "no_proxy": "example.test"}, None),
        ("https", HOST, {"https_proxy": "http://p:1", "no_proxy": "example.com"}, "http://p:1"),
        ("http", "127.0.0.1", {"http_proxy": "http://p:1"}, None),
        ("http", "localhost", {"http_proxy": "http://p:1"}, None),
    ],
)
def test_which_proxy(
    scheme: str, host: str, environment: dict[str, str], proxy: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the scheme of the address, else the one for all; none for whom no_proxy names, nor for this machine."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert proxy_for(scheme, host) == proxy


def test_a_proxy_of_no_use(monkeypatch: pytest.MonkeyPatch) -> None:
    """One of a kind that nobody can ask is refused at once, and its password is not told."""
    monkeypatch.setenv("https_proxy", "ftp://user:pass-w0rd@p:1")
    with pytest.raises(UsageError, match="of the kind 'ftp': give one of http, https, socks5, socks5h"):
        HttpTransport(_endpoint(f"https://{HOST}"))
