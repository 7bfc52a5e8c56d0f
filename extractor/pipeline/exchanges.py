"""What was sent and answered about one document of a run, made again from its file and the journal."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from extractor.call.background import run_on_loop
from extractor.call.effects import drive
from extractor.call.form import Ladder
from extractor.errors import NotKept, UsageError
from extractor.pipeline.declared import pipeline_of_run
from extractor.pipeline.job import reading, work_on
from extractor.pipeline.journal import Journal
from extractor.pipeline.pipeline import Pipeline
from extractor.pipeline.process import process
from extractor.sources.files import Entry
from extractor.wire.values import Reply, Request

__all__ = ["Exchange", "as_text", "exchanges"]


@dataclass(frozen=True, slots=True)
class Exchange:
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
    folder = Path(out)
    if not (folder / "journal.sqlite").is_file():
        raise UsageError(f"{folder} holds no run: name the --out folder of one")
    job = pipeline_of_run(folder, schema=schema, pipeline=pipeline)
    with closing(Journal(folder / "journal.sqlite", read_only=True)) as journal:
        place = journal.source_of(document)
        if place is None:
            raise UsageError(f"{folder} has no document {document!r}: give a name as records.jsonl has it")
        entry = next(job.opened_source().named({document: place}))
        if entry.path and not entry.path.exists():
            raise UsageError(f"{place} is no longer there, and what was asked about it is made again from the file")
        recorded = _Recorded(journal)
        run_on_loop(_processed(job, entry, recorded))
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
            raise NotKept(f"no reply is stored for a question about {request.document}")
        self.exchanges.append(Exchange(request, reply))
        return reply


async def _processed(job: Pipeline, entry: Entry, recorded: _Recorded) -> None:
    ladder = Ladder(recorded.journal.note("ladder"))
    context = job.config.context(job.file_schema, split=job.split, ladder=ladder)
    try:
        await drive(process(work_on(entry, context), (*reading(entry), *job.stages)), recorded)
    except NotKept:  # all that came before it is told
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
