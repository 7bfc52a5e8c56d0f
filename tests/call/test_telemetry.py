"""What OpenTelemetry is told: a span for each reply, events for the rest, and no text of anybody's."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from extractor.call.conversation import Asking, Settings, converse
from extractor.call.telemetry import Telemetry
from extractor.errors import Busy
from extractor.wire.values import Reply
from tests.call.kit import Play, reply
from tests.call.test_conversation import GOOD, SCHEMA, TEXT, _json


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


def _run(exporter: InMemorySpanExporter, *outcomes: Reply | Busy) -> None:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    settings = Settings(model="@cf/kimi", listeners=(Telemetry(provider),))
    with provider.get_tracer("test").start_as_current_span("run"):
        Play(outcomes, pace=2.0).run(converse(Asking(SCHEMA, TEXT, name="a.txt"), settings))


def test_each_reply_is_a_span(exporter: InMemorySpanExporter) -> None:
    """Model, tokens, finish reason and duration stand under the names of the conventions, below the caller's span."""
    _run(exporter, _json(GOOD))
    span, outer = exporter.get_finished_spans()
    assert span.name == "chat @cf/kimi"
    assert span.parent is not None
    assert span.parent.span_id == outer.context.span_id
    assert span.end_time - span.start_time == 2_000_000_000
    assert span.attributes is not None
    assert dict(span.attributes) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.output.type": "json",
        "gen_ai.provider.name": "cloudflare.workers_ai",
        "gen_ai.request.model": "@cf/kimi",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.cache_read.input_tokens": 0,
        "gen_ai.usage.output_tokens": 10,
        "extractor.document": "a.txt",
        "extractor.attempt": 1,
    }


def test_waits_and_repairs_are_events(exporter: InMemorySpanExporter) -> None:
    """What happens between replies is told on the span around, in order."""
    _run(exporter, Busy("full"), reply("no JSON"), _json(GOOD))
    *spans, outer = exporter.get_finished_spans()
    assert len(spans) == 2
    assert [event.name for event in outer.events] == ["extractor.wait", "extractor.fallback", "extractor.repair"]


def test_no_text_is_told(exporter: InMemorySpanExporter) -> None:
    """Neither the document nor an answer reaches a span."""
    _run(exporter, _json({**GOOD, "issued": "kettle"}), _json({"issued": "ACME"}), _json(GOOD))
    told = "".join(span.to_json() for span in exporter.get_finished_spans())
    assert "kettle" not in told
    assert "ACME" not in told
