"""A listener that tells OpenTelemetry what happens, by its conventions for generative AI. Extra: `telemetry`."""

from __future__ import annotations

import time
from typing import Any

from extractor.call.events import Event
from extractor.errors import UsageError

try:
    from opentelemetry import trace
except ImportError as error:
    raise UsageError("telemetry needs OpenTelemetry; install it with: pip install 'extractor[telemetry]'") from error

__all__ = ["Telemetry"]

_PROVIDER = "cloudflare.workers_ai"


class Telemetry:
    """A span for each reply and each failure, beside events on the current span for waits, repairs, fallbacks and tool
    calls.

    Give it as one of `Settings.listeners`. No text of a document or of an answer is told. `tracer_provider` is an
    OpenTelemetry one; None is the global one.
    """

    def __init__(self, tracer_provider: trace.TracerProvider | None = None) -> None:
        self._tracer = trace.get_tracer("extractor", tracer_provider=tracer_provider)

    def __call__(self, event: Event) -> None:
        if event.kind in ("reply", "failure"):
            self._chat(event)
        elif event.kind != "send":
            attributes = {"extractor.document": event.name, "extractor.detail": event.detail}
            trace.get_current_span().add_event(f"extractor.{event.kind}", attributes)

    def _chat(self, event: Event) -> None:
        ended = time.time_ns()
        span = self._tracer.start_span(
            f"chat {event.model}",
            kind=trace.SpanKind.CLIENT,
            start_time=ended - int((event.seconds or 0.0) * 1e9),
            attributes=_attributes(event),
        )
        if event.error:
            span.set_status(trace.StatusCode.ERROR, event.detail)
        span.end(ended)


def _attributes(event: Event) -> dict[str, Any]:
    told: dict[str, Any] = {
        "gen_ai.operation.name": "chat",
        "gen_ai.output.type": "json",
        "gen_ai.provider.name": _PROVIDER,
        "gen_ai.request.model": event.model,
        "extractor.document": event.name,
        "extractor.attempt": event.attempt,
    }
    if event.error:
        told["error.type"] = event.error
    else:
        told["gen_ai.response.finish_reasons"] = (event.detail,)
    if event.request_id:
        told["gen_ai.response.id"] = event.request_id
    if event.usage:
        told["gen_ai.usage.input_tokens"] = event.usage.prompt_tokens
        told["gen_ai.usage.cache_read.input_tokens"] = event.usage.cached_tokens
        told["gen_ai.usage.output_tokens"] = event.usage.completion_tokens
    return told
