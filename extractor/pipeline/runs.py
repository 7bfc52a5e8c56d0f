"""Pipelines by their SPEC, and runs that are over: their pipeline, their tables, what was asked and answered."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from extractor.call.background import Background
from extractor.call.effects import drive
from extractor.call.form import Ladder
from extractor.call.remember import NotStored
from extractor.errors import StorageError, UsageError
from extractor.pipeline.config import REPEATED
from extractor.pipeline.job import begun
from extractor.pipeline.journal import Journal, open_journal
from extractor.pipeline.outputs import journal_of, locked
from extractor.pipeline.pipeline import Pipeline
from extractor.pipeline.published import Published
from extractor.pipeline.sinks import named, open_sinks
from extractor.pipeline.specs import lasting, resolve_pipeline, resolve_schema
from extractor.pipeline.stages import process
from extractor.sources.files import Entry
from extractor.sources.rows import Rows
from extractor.sources.storage import exists, join, read
from extractor.wire.values import Reply, Request

__all__ = ["Exchange", "as_text", "declared", "exchanges", "export", "pipeline_of_run"]


def declared(*, schema: Any = None, pipeline: Pipeline | str | None = None) -> Pipeline:
    """The pipeline that one SPEC names, or that is here already: of a schema, the usual one with that schema."""
    if (schema is None) == (pipeline is None):
        raise UsageError("give either --schema SPEC or --pipeline SPEC")
    if pipeline is None:
        spec = ("schema", lasting(schema)) if isinstance(schema, str) else None
        return Pipeline(resolve_schema(schema) if spec else schema, spec=spec)
    job = resolve_pipeline(pipeline) if isinstance(pipeline, str) else pipeline
    if not isinstance(job, Pipeline):
        raise UsageError(f"{pipeline!r} is a {type(job).__name__}, not a Pipeline: name one that the file declares")
    return replace(job, spec=("pipeline", lasting(pipeline))) if isinstance(pipeline, str) else job


def pipeline_of_run(out: str | Path, *, schema: str | None = None, pipeline: str | None = None) -> Pipeline:
    """The pipeline of the last run into `out`, a folder or a URL, as run.json tells it; a SPEC stands in for none."""
    settings = _run_json(out)
    if schema is None and pipeline is None:
        kind, spec = settings.get("spec") or (None, None)
        if kind not in ("schema", "pipeline"):
            raise UsageError(f"{out} was written from Python: give its --schema or --pipeline")
        schema, pipeline = (spec, None) if kind == "schema" else (None, spec)
    job = declared(schema=schema, pipeline=pipeline)
    options = {name: settings[name] for name in REPEATED if name in settings}
    config = replace(job.config, **options, max_cost=settings.get("max_cost_usd"))
    sink = tuple(settings.get("sink", ()))
    source: Rows | tuple[str, ...] = tuple(settings.get("source", ()))
    if rows := settings.get("rows"):
        source = Rows(settings["source"][0], **rows)
    return replace(job, source=source, config=config, sink=sink, split=settings.get("split", job.split))


def _run_json(out: str | Path) -> dict[str, Any]:
    place = join(str(out), "run.json")
    if not exists(place):
        raise UsageError(f"no file {place}: name the --out folder of a run that has ended")
    try:
        return dict(orjson.loads(read(place)))
    except (StorageError, ValueError) as error:
        raise UsageError(f"{place} cannot be read: {error}; give the command of the run again") from error


# ------------------------------------------------------------------------- tables


def export(
    out: str | Path, formats: str | Sequence[str], *, schema: str | None = None, pipeline: str | None = None
) -> tuple[str, ...]:
    """Write the records of the output folder `out` in further formats; returns the names of what was written.

    `formats` are those of `Pipeline.sink`, and jsonl for records.jsonl itself. Tables that are in the folder already
    are written again. `schema` or `pipeline` is the SPEC of a run that was not started by a command line.

        export("out", ["csv", "sqlite"])

    UsageError where the folder holds no run, one of another schema, or one that is still going on.
    """
    folder, path, wanted = Path(out), journal_of(out), named(formats)
    job = pipeline_of_run(folder, schema=schema, pipeline=pipeline)
    with locked(folder), closing(open_journal(path)) as journal:
        journal.take_up(job.file_schema)
        sinks = open_sinks(wanted, folder, job.record_schema, carries=isinstance(job.source, Rows))
        Published(journal, job.record_schema, job.split).write(folder, lambda: _run_json(folder), sinks)
    written = ["records.jsonl"] if "jsonl" in wanted else []
    written += [name for sink in sinks for name in sink.written]
    return tuple(written)


# ------------------------------------------------------------------------- requests and replies


class Exchange(NamedTuple):
    """One request and its reply."""

    request: Request
    reply: Reply


def exchanges(
    out: str | Path, document: str, *, schema: str | None = None, pipeline: str | None = None
) -> list[Exchange]:
    """The requests about a document of the output folder `out` with their replies, in order; nothing is sent.

    The journal stores replies, not requests: the document passes its stages once more, functions that the model called
    among them, and each question is matched with its reply. `schema` or `pipeline` is the SPEC of a run that was not
    started by a command line.

        for exchange in exchanges("out", "invoice.pdf"):
            print(exchange.request.body["messages"], exchange.reply.content)

    UsageError where the run has no such document, or no reply fits what is asked now.
    """
    path = journal_of(out)
    job = pipeline_of_run(out, schema=schema, pipeline=pipeline)
    with closing(Journal(path, read_only=True)) as journal, closing(Background()) as background:
        place = journal.source_of(document)
        if place is None:
            raise UsageError(f"{out} has no document {document!r}: give a name from records.jsonl")
        entry = next(job.opened_source().named({document: place}))
        if entry.path and not entry.path.exists():
            raise UsageError(f"{place} no longer exists, and its requests can only be rebuilt from the file")
        recorded = _Recorded(journal)
        background.run(_processed(job, entry, recorded))
    if not recorded.exchanges:
        raise UsageError(
            f"no reply is stored for what is asked about {document} now:"
            " the run did not reach it, or the file or the settings changed"
        )
    return recorded.exchanges


@dataclass
class _Recorded:
    """A transport that answers from the journal, and notes what it answers."""

    journal: Journal
    exchanges: list[Exchange] = field(default_factory=list)

    async def send(self, request: Request) -> Reply:
        reply = self.journal.get(request.key, request.document)
        if reply is None:
            raise NotStored(f"no reply is stored for a question about {request.document}")
        self.exchanges.append(Exchange(request, reply))
        return reply


async def _processed(job: Pipeline, entry: Entry, recorded: _Recorded) -> None:
    ladder = Ladder(recorded.journal.note("ladder"))
    context = job.config.context(job.file_schema, split=job.split, ladder=ladder)
    try:
        await drive(process(*begun(entry, context, job.stages)), recorded)
    except NotStored:  # all that came before it is told
        return


def as_text(found: Sequence[Exchange]) -> str:
    """Exchanges for a person to read: each message under its role, and the answer with its tokens and cost."""
    return "\n".join(line for number, one in enumerate(found, 1) for line in _lines(number, one))


def _lines(number: int, exchange: Exchange) -> list[str]:
    lines = []
    for message in exchange.request.body["messages"]:
        content = message.get("content")
        parts = [content] if isinstance(content, str) else [part.get("text") or "(a picture)" for part in content or ()]
        calls = [
            f"calls {call['function']['name']}({call['function']['arguments']})"
            for call in message.get("tool_calls") or ()
        ]
        lines += [f"== request {number}, {message['role']}", *parts, *calls]
    reply = exchange.reply
    usage = reply.usage
    recorded = "" if usage is None else f", {usage.prompt_tokens:,} tokens in, {usage.completion_tokens:,} out"
    calls = [f"calls {call.name}({call.arguments})" for call in reply.tool_calls]
    return [*lines, f"== answer {number}, finish {reply.finish}{recorded}", reply.content, *calls, ""]
