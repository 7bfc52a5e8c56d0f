"""The routes of the service, as a Starlette application."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from inspect import isawaitable

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from extractor.emulator import refusals
from extractor.emulator.batches import Queue
from extractor.emulator.connections import play
from extractor.emulator.service import Service, enveloped
from extractor.emulator.values import Outcome, Plays, Refusal
from extractor.wire.models import entry_row

__all__ = ["build_app"]

_ROOT = "/client/v4/accounts/{account}/ai"
_GATEWAY = "/v1/{account}/{gateway}"


def build_app(service: Service, player: Plays | None = None) -> Starlette:
    """The application: native, OpenAI, universal and batch routes, the list of models, and AI Gateway by URL.

    With a `player` nobody answers: what was recorded is played.
    """
    if player is not None:
        return Starlette(routes=[Route("/{path:path}", _played(player), methods=["GET", "POST"])])
    queue = Queue(service)

    async def one(request: Request) -> Response:
        return _Reply(await service.answer(request))

    async def native(request: Request) -> Response:
        return _Reply(await (queue if "queueRequest" in request.query_params else service).answer(request))

    async def models(request: Request) -> Response:
        entry = service.catalogue()
        rows = [entry_row(entry)] if request.query_params.get("search", "") in entry.name else []
        return Response(orjson.dumps(enveloped(rows)), media_type="application/json")

    posts = {
        f"{_ROOT}/run": one,
        f"{_ROOT}/run/{{model:path}}": native,
        f"{_ROOT}/v1/chat/completions": one,
        f"{_ROOT}/v1/messages": _no_anthropic,
        f"{_GATEWAY}/workers-ai/v1/chat/completions": one,
        f"{_GATEWAY}/workers-ai/{{model:path}}": native,
        f"{_GATEWAY}/compat/chat/completions": one,
    }
    routes = [Route(path, endpoint, methods=["POST"]) for path, endpoint in posts.items()]
    routes.append(Route(f"{_ROOT}/models/search", models))
    return Starlette(routes=routes, exception_handlers={404: _no_route, 405: _no_route})


def _played(player: Plays) -> Callable[[Request], Awaitable[Response]]:
    async def played(request: Request) -> Response:
        raw, address = await request.body(), f"{request.url.path}?{request.url.query}".removesuffix("?")
        path = address.partition("/ai/")[2] or address.partition("/workers-ai/")[2]
        body = orjson.loads(raw) if raw else None
        found = player(request.method, path, request.headers.get("x-session-affinity", ""), body)
        reply = await found if isawaitable(found) else found
        return Response(reply.body, reply.status, reply.headers, media_type=reply.content_type)

    return played


class _Reply(Response):
    """An outcome on the wire: whole, as a stream, or step by step."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome.body, outcome.status, outcome.headers)
        self._outcome = outcome

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._outcome.steps is not None:
            await play(self._outcome.steps, scope["state"]["taken"]())
            while (await receive())["type"] != "http.disconnect":
                pass
        elif not self._outcome.stream:
            await super().__call__(scope, receive, send)
        else:
            headers = [header for header in self.raw_headers if header[0] != b"content-length"]
            await send({"type": "http.response.start", "status": self.status_code, "headers": headers})
            for piece in self._outcome.stream:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})


async def _no_anthropic(request: Request) -> Response:
    text = 'Anthropic Messages API is not supported for model "@cf/moonshotai/kimi-k2.6"'
    return _refused(refusals.envelope(None, text))


async def _no_route(request: Request, error: Exception) -> Response:
    return _refused(refusals.refuse(400, 7000, "No route for that URI"))


def _refused(refusal: Refusal) -> Response:
    return Response(refusal.body, refusal.status, media_type=refusal.content_type)
