"""What OpenTelemetry is told: a span for each reply, failure and tool call, events for the rest, nobody's text."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from extractor.call.background import Background
from extractor.call.conversation import Asking, Settings, converse
from extractor.call.effects import Flow, Together, drive
from extractor.call.telemetry import Telemetry
from extractor.call.tools import Tool
from extractor.errors import Busy
from extractor.wire.options import Options, thinking
from extractor.wire.values import Reply, Request, ToolCall, Usage
from tests.call.kit import Play, driven, reply
from tests.call.test_conversation import GOOD, SCHEMA, TEXT, _json


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


def _provider(exporter: InMemorySpanExporter) -> TracerProvider:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return provider


def _run(exporter: InMemorySpanExporter, *outcomes: Reply | Busy, **more: Any) -> None:
    provider = _provider(exporter)
    settings = Settings(model="@cf/kimi", listeners=(Telemetry(provider),), **more)
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
        "gen_ai.request.max_tokens": 8192,
        "gen_ai.request.reasoning.level": "none",
        "gen_ai.request.temperature": 0.0,
        "gen_ai.request.top_p": 0.95,
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


def test_what_was_asked_for_is_told(exporter: InMemorySpanExporter) -> None:
    """Each parameter that the conventions name stands under their name, as it was for that very request."""
    options = Options(
        n=2, seed=7, frequency_penalty=0.5, presence_penalty=-0.5, temperature=1, top_p=0.5, stop="END",
        reasoning_effort="low", max_completion_tokens=1000, chat_template_kwargs=thinking(True),
    )  # fmt: skip
    full = reply("", finish="length", usage=Usage(100, 0, 1000, 0.01))
    _run(exporter, Busy("full"), full, _json(GOOD), options=options)
    failed, first, second, _ = exporter.get_finished_spans()
    attributes = {
        "choice.count": 2,
        "frequency_penalty": 0.5,
        "max_tokens": 1000,
        "model": "@cf/kimi",
        "presence_penalty": -0.5,
        "reasoning.level": "low",
        "seed": 7,
        "stop_sequences": ("END",),
        "temperature": 1,
        "top_p": 0.5,
    }
    assert _requested(failed) == _requested(first) == attributes
    assert _requested(second) == {**attributes, "max_tokens": 2000}


def _requested(span: ReadableSpan) -> dict[str, Any]:
    prefix = "gen_ai.request."
    return {name.removeprefix(prefix): value for name, value in (span.attributes or {}).items() if prefix in name}


def lookup(name: str) -> str:
    """Look a supplier up."""
    if name == "kettle":
        raise LookupError("no kettle here")
    return "ACME"


def _asks_for(*calls: tuple[str, str]) -> Reply:
    made = tuple(
        ToolCall(f"functions.{name}:{number}", name, arguments) for number, (name, arguments) in enumerate(calls)
    )
    return reply("", finish="tool_calls", tool_calls=made)


def test_a_tool_call_is_a_span_of_its_own(exporter: InMemorySpanExporter) -> None:
    """The name and id of the call and the kind of a failure are told; arguments, results and made-up names are not."""
    call = _asks_for(("lookup", '{"name": "Bolt"}'), ("lookup", '{"name": "kettle"}'), ("lookup", "{}"), ("kettle", ""))
    _run(exporter, call, _json(GOOD), tools=(Tool.of(lookup),))
    first, *tools, last, outer = exporter.get_finished_spans()
    assert [first.name, last.name] == ["chat @cf/kimi"] * 2
    common = {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "lookup",
        "gen_ai.tool.type": "function",
        "extractor.document": "a.txt",
    }
    assert [(span.name, span.kind, dict(span.attributes or {})) for span in tools] == [
        (
            "execute_tool lookup",
            SpanKind.INTERNAL,
            {**common, "gen_ai.tool.call.id": f"functions.lookup:{number}", **more},
        )
        for number, more in enumerate([{}, {"error.type": "LookupError"}, {"error.type": "InvalidValue"}])
    ]
    assert [span.status.status_code for span in tools] == [StatusCode.UNSET, StatusCode.ERROR, StatusCode.ERROR]
    assert {span.parent and span.parent.span_id for span in tools} == {outer.context.span_id}
    assert [(event.name, dict(event.attributes or {})) for event in outer.events] == [
        ("extractor.tool", {"extractor.document": "a.txt", "extractor.detail": "no such tool"})
    ]
    spans = "".join(span.to_json() for span in exporter.get_finished_spans())
    assert not any(text in spans for text in ("kettle", "Bolt", "ACME"))


class _Twice:
    """Asks for two calls at once, and then answers."""

    async def send(self, request: Request) -> Reply:
        calls = _asks_for(("lookup", '{"name": "a"}'), ("lookup", '{"name": "b"}'))
        return _json(GOOD) if request.purpose == "tool" else calls


def test_spans_stand_below_the_callers_wherever_they_are_made(exporter: InMemorySpanExporter) -> None:
    """Replies and tool calls in other tasks, also on a loop in another thread, are children of the span around them."""
    provider = _provider(exporter)
    settings = Settings(model="m", listeners=(Telemetry(provider),), tools=(Tool.of(lookup),))

    def several() -> Flow[Any]:
        return (yield Together(tuple(converse(Asking(SCHEMA, TEXT), settings) for _ in range(3))))

    background = Background()
    with provider.get_tracer("test").start_as_current_span("run"):
        driven(several(), _Twice())
        background.run(drive(several(), _Twice()))
    background.close()
    *spans, outer = exporter.get_finished_spans()
    assert len(spans) == 2 * 3 * 4
    assert {span.parent and span.parent.span_id for span in spans} == {outer.context.span_id}


def test_a_reply_that_was_kept_is_no_call(exporter: InMemorySpanExporter) -> None:
    """What a journal gives was paid for in an earlier run: it is an event, so that no token is counted twice."""
    _run(exporter, replace(_json(GOOD), reused=True))
    (outer,) = exporter.get_finished_spans()
    assert [event.name for event in outer.events] == ["extractor.reply"]


def test_no_text_is_told(exporter: InMemorySpanExporter) -> None:
    """Neither the document nor an answer reaches a span."""
    _run(exporter, _json({**GOOD, "issued": "kettle"}), _json({"issued": "ACME"}), _json(GOOD))
    spans = "".join(span.to_json() for span in exporter.get_finished_spans())
    assert "kettle" not in spans
    assert "ACME" not in spans
