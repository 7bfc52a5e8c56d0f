"""What OpenTelemetry is told: a span for each reply and failure, events for the rest, and no text of anybody's."""

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
    assert len(spans) == 3
    assert [event.name for event in outer.events] == ["extractor.wait", "extractor.fallback", "extractor.repair"]


def test_a_failure_is_a_span_of_its_own(exporter: InMemorySpanExporter) -> None:
    """It has the status of an error and the name of its kind, and took as long as it took."""
    _run(exporter, Busy("full"), _json(GOOD))
    failed, answered, _ = exporter.get_finished_spans()
    assert failed.attributes is not None
    assert answered.attributes is not None
    assert (failed.attributes["error.type"], failed.status.description) == ("Busy", "full")
    assert failed.end_time - failed.start_time == 2_000_000_000
    assert "error.type" not in answered.attributes


def test_no_text_is_told(exporter: InMemorySpanExporter) -> None:
    """Neither the document nor an answer reaches a span."""
    _run(exporter, _json({**GOOD, "issued": "kettle"}), _json({"issued": "ACME"}), _json(GOOD))
    told = "".join(span.to_json() for span in exporter.get_finished_spans())
    assert "kettle" not in told
    assert "ACME" not in told
