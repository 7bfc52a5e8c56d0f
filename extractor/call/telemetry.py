"""A listener that tells OpenTelemetry what happens, by its conventions for generative AI. Extra: `telemetry`."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from extractor.call.asking import Event
from extractor.errors import MissingExtra
from extractor.wire.options import Options, room

try:
    from opentelemetry import trace
except ImportError as error:
    raise MissingExtra("telemetry needs OpenTelemetry", extra="telemetry") from error

__all__ = ["Telemetry"]

_PROVIDER = "cloudflare.workers_ai"


class Telemetry:
    """A span for each reply, failure and tool call, beside events on the current span for waits, repairs, fallbacks and
    replies that a journal kept.

    Pass it in `listeners` of an Extractor or a Config. It reports no text of documents or answers, and neither
    arguments nor results of tools. `tracer_provider` is an OpenTelemetry one; None is the global one.

    >>> from extractor import Extractor, Telemetry
    >>> extractor = Extractor(listeners=(Telemetry(),))
    """

    def __init__(self, tracer_provider: trace.TracerProvider | None = None) -> None:
        self._tracer = trace.get_tracer("extractor", tracer_provider=tracer_provider)

    def __call__(self, event: Event) -> None:
        if event.kind in ("reply", "failure") and not event.reused:
            self._span(f"chat {event.model}", trace.SpanKind.CLIENT, event, _chat(event))
        elif event.tool:
            self._span(f"execute_tool {event.tool}", trace.SpanKind.INTERNAL, event, _tool(event))
        elif event.kind != "send":
            attributes = {"extractor.document": event.name, "extractor.detail": event.detail}
            trace.get_current_span().add_event(f"extractor.{event.kind}", attributes)

    def _span(self, name: str, kind: trace.SpanKind, event: Event, attributes: Mapping[str, Any]) -> None:
        """A span that ends now."""
        ended = time.time_ns()
        known = {**attributes, "extractor.document": event.name, "error.type": event.error}
        span = self._tracer.start_span(
            name,
            kind=kind,
            start_time=ended - int((event.seconds or 0.0) * 1e9),
            attributes={key: value for key, value in known.items() if value is not None},
        )
        if event.error:
            span.set_status(trace.StatusCode.ERROR, event.detail)
        span.end(ended)


def _chat(event: Event) -> dict[str, Any]:
    usage = event.usage
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.output.type": "json",
        "gen_ai.provider.name": _PROVIDER,
        "gen_ai.request.model": event.model,
        **(_request(event.options) if event.options else {}),
        "gen_ai.response.finish_reasons": None if event.error else (event.detail,),
        "gen_ai.response.id": event.request_id,
        "gen_ai.usage.input_tokens": usage and usage.prompt_tokens,
        "gen_ai.usage.cache_read.input_tokens": usage and usage.cached_tokens,
        "gen_ai.usage.output_tokens": usage and usage.completion_tokens,
        "extractor.attempt": event.attempt,
    }


def _request(options: Options) -> dict[str, Any]:
    stop = options.stop
    return {
        "gen_ai.request.choice.count": options.n if options.n != 1 else None,
        "gen_ai.request.frequency_penalty": options.frequency_penalty,
        "gen_ai.request.max_tokens": room(options) or None,
        "gen_ai.request.presence_penalty": options.presence_penalty,
        "gen_ai.request.reasoning.level": options.reasoning_effort,
        "gen_ai.request.seed": options.seed,
        "gen_ai.request.stop_sequences": (stop,) if isinstance(stop, str) else stop and tuple(stop),
        "gen_ai.request.stream": options.stream or None,
        "gen_ai.request.temperature": options.temperature,
        "gen_ai.request.top_p": options.top_p,
    }


def _tool(event: Event) -> dict[str, Any]:
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.call.id": event.call_id,
        "gen_ai.tool.name": event.tool,
        "gen_ai.tool.type": "function",
    }
