"""CPU that a client spends on one extraction call, side by side with others, against one local server.

    pip install openai 'instructor>=1.12' baml-py 'pydantic-ai-slim[openai]>=2'
    python benchmarks/caller.py [--calls 400] [--rounds 3]

A server of its own process answers at once with the same completion of fifteen fields. Each client asks for the
same schema and validates the answer; what is told is the least CPU time of this process per call, over the rounds,
one call at a time and with 64 in flight. The clients take turns in each round, so that all bear the same noise and
what the others have loaded. Clients that are not installed are left out; `chrt -f 10` before it keeps others away.
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from importlib.util import find_spec
from typing import Any

import httpx
import orjson
from pydantic import BaseModel

from extractor.call.background import Background
from extractor.call.conversation import Asking, Settings, converse
from extractor.call.effects import drive
from extractor.call.endpoint import Endpoint
from extractor.call.http import HttpTransport
from extractor.call.limits import Limits
from extractor.schema.compiler import compile_schema
from extractor.wire.prices import price_of
from extractor.wire.requests import DEFAULT_MODEL

IN_FLIGHT = 64
TEXT = "ACME Ltd, 1 High Street, Leeds. Invoice A-17 of 3 March 2026, due 2 April 2026. " * 12


class Party(BaseModel):
    """One side of an invoice."""

    name: str
    street: str
    city: str


class Line(BaseModel):
    """One line of an invoice."""

    sku: str
    text: str
    quantity: int
    price: float


class Invoice(BaseModel):
    """An invoice."""

    number: str
    issued: date
    due: date
    currency: str
    seller: Party
    buyer: Party
    lines: list[Line]
    total: float


_PARTY = {"name": "ACME Ltd", "street": "1 High Street", "city": "Leeds"}
_LINE = {"sku": "K-1", "text": "kettle", "quantity": 2, "price": 17.5}
VALUE = {
    "number": "A-17",
    "issued": "2026-03-03",
    "due": "2026-04-02",
    "currency": "GBP",
    "seller": _PARTY,
    "buyer": _PARTY,
    "lines": [_LINE, _LINE],
    "total": 70.0,
}

_SERVER = """
import asyncio, sys
BODY = sys.stdin.buffer.read()
REPLY = b"HTTP/1.1 200 OK\\r\\ncontent-type: application/json\\r\\ncontent-length: %d\\r\\n\\r\\n" % len(BODY) + BODY
async def serve(reader, writer):
    try:
        while True:
            head = (await reader.readuntil(b"\\r\\n\\r\\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length:")[2].split(b"\\r\\n")[0] or 0))
            writer.write(REPLY)
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


@contextmanager
def server(value: object) -> Iterator[str]:
    """The root of a server that answers every request with the same value, bare as the OpenAI form has it."""
    message = {"role": "assistant", "content": orjson.dumps(value).decode()}
    usage = {"prompt_tokens": 900, "completion_tokens": 120, "total_tokens": 1020}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    body = {"id": "x", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice], "usage": usage}
    process = subprocess.Popen([sys.executable, "-c", _SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdin
    assert process.stdout
    process.stdin.write(orjson.dumps(body))
    process.stdin.close()
    try:
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def _nothing() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Client:
    """A call in the foreground, one for an event loop, and what closes the latter's connections on that loop."""

    call: Callable[[], object]
    ask: Callable[[], Awaitable[object]]
    close: Callable[[], Awaitable[object]] = _nothing


Maker = Callable[[str], Client]
"""From the server's root, a client that was never used."""

MESSAGES = [{"role": "system", "content": "Extract the invoice."}, {"role": "user", "content": TEXT}]


def bare_httpx(root: str) -> Client:
    client, twin = httpx.Client(), httpx.AsyncClient(limits=httpx.Limits(max_connections=IN_FLIGHT))
    schema = compile_schema(Invoice).response_format
    body = {"messages": MESSAGES, "response_format": schema, "max_completion_tokens": 8192}

    def read(reply: httpx.Response) -> Invoice:
        return Invoice.model_validate_json(reply.json()["choices"][0]["message"]["content"])

    async def ask() -> Invoice:
        return read(await twin.post(root, json=body, headers={"authorization": "Bearer t"}))

    return Client(lambda: read(client.post(root, json=body, headers={"authorization": "Bearer t"})), ask, twin.aclose)


def ours(root: str) -> Client:
    endpoint = Endpoint(root, "account", "token", price=price_of(DEFAULT_MODEL))
    limits = Limits(in_flight=IN_FLIGHT)
    background, transport = Background(), HttpTransport(endpoint, limits=limits)
    schema, settings = compile_schema(Invoice), Settings(model=endpoint.model)

    def whole(answer: object) -> Invoice:
        return schema.validate(answer.value)  # type: ignore[attr-defined, no-any-return]

    async def ask() -> Invoice:
        return whole(await drive(converse(Asking(schema, TEXT), settings), transport))

    return Client(lambda: background.run(ask()), ask, transport.aclose)


def openai(root: str) -> Client:
    from openai import AsyncOpenAI, OpenAI

    client, twin = OpenAI(base_url=root, api_key="t"), AsyncOpenAI(base_url=root, api_key="t")
    more = {"model": "m", "messages": MESSAGES, "response_format": Invoice}

    async def ask() -> object:
        return (await twin.chat.completions.parse(**more)).choices[0].message.parsed

    return Client(lambda: client.chat.completions.parse(**more).choices[0].message.parsed, ask, twin.close)


def instructor(root: str) -> Client:
    import instructor
    from openai import AsyncOpenAI, OpenAI

    mode = instructor.Mode.JSON_SCHEMA
    inner = AsyncOpenAI(base_url=root, api_key="t")
    client = instructor.from_openai(OpenAI(base_url=root, api_key="t"), mode=mode)
    twin = instructor.from_openai(inner, mode=mode)
    more = {"model": "m", "messages": MESSAGES, "response_model": Invoice}
    call, ask = client.chat.completions.create, twin.chat.completions.create
    return Client(lambda: call(**more), lambda: ask(**more), inner.close)


def pydantic_ai(root: str) -> Client:
    from pydantic_ai import Agent, NativeOutput
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    provider = OpenAIProvider(base_url=root, api_key="t")
    model = OpenAIChatModel("m", provider=provider)
    agent = Agent(model, output_type=NativeOutput(Invoice), instructions="Extract the invoice.")
    return Client(lambda: agent.run_sync(TEXT).output, lambda: agent.run(TEXT), provider.client.close)


_BAML = """
class Party {{
  name string
  street string
  city string
}}
class Line {{
  sku string
  text string
  quantity int
  price float
}}
class Invoice {{
  number string
  issued string
  due string
  currency string
  seller Party
  buyer Party
  lines Line[]
  total float
}}
client<llm> Kimi {{
  provider "openai-generic"
  options {{
    base_url "{root}"
    api_key "t"
    model "m"
  }}
}}
function Extract(text: string) -> Invoice {{
  client Kimi
  prompt #"
    {{{{ _.role("system") }}}} Extract the invoice. {{{{ ctx.output_format }}}}
    {{{{ _.role("user") }}}} {{{{ text }}}}
  "#
}}
"""


def baml(root: str) -> Client:
    import baml_py
    from baml_py.logging import set_log_level

    set_log_level("OFF")
    runtime = baml_py.BamlRuntime.from_files("baml_src", {"main.baml": _BAML.format(root=root)}, {})
    context, types = runtime.create_context_manager(), sys.modules[__name__]
    more = ("Extract", {"text": TEXT}, context, None, None, [], {}, {})

    def whole(result: Any) -> Invoice:
        return result.cast_to(types, types, types, False, runtime)  # type: ignore[no-any-return]

    async def ask() -> Invoice:
        return whole(await runtime.call_function(*more))

    return Client(lambda: whole(runtime.call_function_sync(*more)), ask)


CLIENTS: dict[str, tuple[str, Maker]] = {
    "bare httpx": ("httpx", bare_httpx),
    "extractor": ("extractor", ours),
    "BAML": ("baml_py", baml),
    "openai": ("openai", openai),
    "instructor": ("instructor", instructor),
    "pydantic-ai": ("pydantic_ai", pydantic_ai),
}


def one_at_a_time(call: Callable[[], object], calls: int) -> float:
    """CPU milliseconds per call."""
    call()
    began = time.process_time()
    for _ in range(calls):
        call()
    return (time.process_time() - began) / calls * 1e3


async def all_at_once(client: Client, calls: int) -> tuple[float, float]:
    """CPU milliseconds per call, and calls per second of wall time."""
    await asyncio.gather(*(client.ask() for _ in range(IN_FLIGHT)))
    left = iter(range(calls))

    async def work() -> None:
        for _ in left:
            await client.ask()

    wall, began = time.perf_counter(), time.process_time()
    await asyncio.gather(*(work() for _ in range(IN_FLIGHT)))
    cpu, wall = time.process_time() - began, time.perf_counter() - wall
    await client.close()
    return cpu / calls * 1e3, calls / wall


def measured(root: str, calls: int, rounds: int) -> dict[str, list[tuple[float, float, float]]]:
    """For each client and round: CPU of a call alone, CPU of one among 64, calls per second at 64."""
    makers = {name: maker for name, (package, maker) in CLIENTS.items() if find_spec(package)}
    figures: dict[str, list[tuple[float, float, float]]] = {name: [] for name in makers}
    for maker in makers.values():
        maker(root).call()
    for _ in range(rounds):
        for name, maker in makers.items():
            alone = one_at_a_time(maker(root).call, calls)
            figures[name].append((alone, *asyncio.run(all_at_once(maker(root), calls))))
    return figures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"{'client':<14}{'one at a time':>16}{'64 at once':>14}{'calls/s at 64':>16}")
    with server(VALUE) as root:
        for name, rounds in measured(root, options.calls, options.rounds).items():
            alone, together, speed = zip(*rounds, strict=True)
            print(f"{name:<14}{min(alone):>13.2f} ms{min(together):>11.2f} ms{max(speed):>16.0f}")


if __name__ == "__main__":
    main()
