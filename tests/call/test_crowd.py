"""A thousand requests at once, over real sockets: what they took is given back."""

from __future__ import annotations

import asyncio
import gc
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from extractor.call.endpoint import Endpoint
from extractor.call.http import HttpTransport
from extractor.call.limits import Limits
from extractor.errors import ServiceError
from extractor.wire.values import Request

resource = pytest.importorskip("resource")

CROWD = 1000
REPLY = b'HTTP/1.1 200 OK\r\ncontent-length: 48\r\n\r\n{"result": {"response": "yes"}, "success": true}'
REQUEST = Request({"messages": [{"role": "user", "content": "hello"}]})
OURS = ("anyio", "h11", "httpcore", "httpx", "extractor")


@pytest.fixture(autouse=True)
def _descriptors() -> Iterator[None]:
    """Both ends of every connection are in this process."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < 3 * CROWD:
        pytest.skip("too few files may be open")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 3 * CROWD), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Server:
    """Answers nobody before a whole crowd asks, then all of them; `rude`, it hangs up on every second one."""

    def __init__(self) -> None:
        self.crowd = CROWD
        self.connections = self.open_now = self.waiting = 0
        self.rude = False
        self._full = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections, self.open_now = self.connections + 1, self.open_now + 1
        number = self.connections
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
                await self._everybody()
                if self.rude and number % 2:
                    break
                writer.write(REPLY)
        except asyncio.IncompleteReadError:
            pass
        writer.close()
        self.open_now -= 1

    async def _everybody(self) -> None:
        self.waiting += 1
        full = self._full
        if self.waiting == self.crowd:
            self.waiting, self._full = 0, asyncio.Event()
            full.set()
        await full.wait()


@asynccontextmanager
async def running() -> AsyncIterator[tuple[Server, HttpTransport]]:
    """A server, and a transport with connections to it."""
    server = Server()
    async with await asyncio.start_server(server.serve, "127.0.0.1", 0, backlog=CROWD) as listening:
        endpoint = Endpoint(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", "account", "token")
        async with HttpTransport(endpoint, limits=Limits(in_flight=CROWD)) as transport:
            for server.crowd in (CROWD // 2, CROWD):  # a slow machine opens no thousand connections in time
                assert await ask(transport, server.crowd) == {"yes": server.crowd}
            yield server, transport
        while server.open_now:
            await asyncio.sleep(0)


async def ask(transport: HttpTransport, crowd: int = CROWD) -> Counter[str]:
    """What comes back when everybody asks at once: texts, or the names of errors."""
    replies = await asyncio.gather(*map(transport.send, [REQUEST] * crowd), return_exceptions=True)
    return Counter("lost" if isinstance(one, ServiceError) else one.content for one in replies)  # type: ignore[union-attr]


def held() -> Counter[str]:
    """How many objects there are of each kind of ours and of httpx's."""
    gc.collect()
    kinds = (type(one) for one in gc.get_objects())
    return Counter(name for kind in kinds if (name := f"{kind.__module__}.{kind.__name__}").startswith(OURS))


def open_files() -> int:
    return sum(1 for _ in Path("/dev/fd").iterdir())


def test_connections_are_used_again() -> None:
    """Each of a thousand has a connection of its own; the next thousand take the same, and leave no object each."""

    async def run() -> None:
        async with running() as (server, transport):
            before = held()
            assert await ask(transport) == {"yes": CROWD}
            assert (held() - before).total() < CROWD / 100
            assert server.connections == CROWD

    before = open_files()
    asyncio.run(run())
    assert open_files() <= before


def test_broken_connections_are_not_kept() -> None:
    """Where half of them break, these are closed, and the next thousand have whole ones again."""

    async def run() -> None:
        async with running() as (server, transport):
            server.rude = True
            assert await ask(transport) == {"yes": CROWD / 2, "lost": CROWD / 2}
            server.rude = False
            assert await ask(transport) == {"yes": CROWD}
            assert (server.connections, server.open_now) == (CROWD * 3 / 2, CROWD)

    before = open_files()
    asyncio.run(run())
    assert open_files() <= before
