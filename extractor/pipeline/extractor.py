"""Library calls: `Extractor` for threads, `AsyncExtractor` for an event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from inspect import Parameter, Signature, cleandoc, signature
from pathlib import Path
from queue import SimpleQueue
from threading import RLock
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack, overload
from weakref import WeakValueDictionary, finalize

from extractor.call.background import Background, Job, stop
from extractor.call.effects import Flow, Transport, drive
from extractor.call.http import HttpTransport, Streaming
from extractor.call.remember import Remembering
from extractor.documents.document import Document
from extractor.errors import UsageError
from extractor.pipeline.config import Config, ConfigOptions, Session
from extractor.pipeline.engine import AHEAD, finished, finished_in_background
from extractor.pipeline.journal import Journal
from extractor.pipeline.result import Result
from extractor.pipeline.stages import STAGES, process
from extractor.pipeline.streaming import Growing, Partial
from extractor.pipeline.work import Context, Work
from extractor.schema.compiler import compile_schema

__all__ = ["AsyncExtractor", "Extractor", "Source"]

T = TypeVar("T")

_OPENED = ("_background", "_asking", "_transport", "_session", "_contexts")
"""What is opened on first use."""

_OPENING = RLock()
_OPEN: WeakValueDictionary[int, _Face] = WeakValueDictionary()
_LEFT_TO_PARENT: list[object] = []


def _leave_to_parent() -> None:
    """In a forked child: let go of what the parent has open, without closing it; the next call opens its own."""
    global _OPENING
    _OPENING = RLock()  # whoever held it is no thread of this process
    for face in list(_OPEN.values()):
        if end := face.__dict__.pop("_end", None):
            end.detach()
        _LEFT_TO_PARENT.extend(face.__dict__[name] for name in _OPENED if name in face.__dict__)
        face._forget(*_OPENED)
    _OPEN.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)

Source = str | Path | Document
"""A str is always text; a Path is a file; a Document is one already."""


class _Face:
    """What both classes share: a Config, and what is opened on first use."""

    config: Config

    def __init__(self, config: Config | None = None, **options: Unpack[ConfigOptions]) -> None:
        self.config = replace(config, **options) if config else Config(**options)

    def __init_subclass__(cls) -> None:
        """Let `help` list the keyword arguments, which are those of Config."""
        first = Parameter("config", Parameter.POSITIONAL_OR_KEYWORD, default=None, annotation="Config | None")
        cls.__signature__ = Signature([first, *signature(Config).parameters.values()])  # type: ignore[attr-defined]
        _, title, arguments = cleandoc(Config.__doc__ or "").partition("Where to ask:")
        cls.__doc__ = f"{cleandoc(cls.__doc__ or '')}\n\n{title}{arguments}"

    def __repr__(self) -> str:
        return repr(self.config).replace("Config", type(self).__name__, 1)

    @cached_property
    def _session(self) -> Session:
        with _OPENING:  # two threads that come first at once must not open two
            return self.__dict__.get("_session") or self._opened()

    def _opened(self) -> Session:
        endpoint = self.config.endpoint()
        _OPEN[id(self)] = self
        try:
            cache = None if self.config.cache is None else Journal(Path(self.config.cache), shared=True)
            return Session(self.config, endpoint, cache=cache)
        except BaseException:
            endpoint.close()
            raise

    @cached_property
    def _transport(self) -> HttpTransport:
        with _OPENING:
            return self.__dict__.get("_transport") or HttpTransport(self._session.endpoint, limits=self._session.limits)

    @cached_property
    def _asking(self) -> Transport:
        with _OPENING:
            return self.__dict__.get("_asking") or self._remembering(self._transport)

    def _remembering(self, transport: Transport) -> Transport:
        """The transport, with a cache before it where there is one."""
        return Remembering(transport, self._session.cache) if self._session.cache else transport

    @cached_property
    def _contexts(self) -> dict[str, Context]:
        return {}

    def _flow(self, schema: Any, source: Source, rank: int = 0) -> Flow[Result[Any]]:
        compiled = compile_schema(schema, counts=True)
        context = self._contexts.get(compiled.fingerprint)
        if context is None or context.schema is not compiled:  # two types may be asked for alike
            context = self._contexts[compiled.fingerprint] = self._session.context(compiled)
        return process(_work(source, context, rank), STAGES)

    def _forget(self, *names: str) -> None:
        for name in names:
            with suppress(KeyError):
                del self.__dict__[name]

    def __getstate__(self) -> dict[str, Any]:
        return {"config": self.config}


class Extractor(_Face):
    """Turns documents into validated values. `config` is a Config; the keyword arguments of Config replace parts of it.

    Threads may share one, and a forked process opens its own connections; with `max_cost` each process has that cap
    for itself. It opens connections on first use; close it, or use it in a `with`. It pickles as its configuration.

    >>> from pathlib import Path
    >>> from extractor import Extractor
    >>> from schemas.receipt import Receipt
    >>> with Extractor(max_cost=0.50) as extractor:
    ...     result = extractor.extract(Receipt, Path("samples/receipts/kebab_hamburg.txt"))
    >>> result.status, result.value.total
    ('ok', Decimal('21.00'))
    """

    @cached_property
    def _background(self) -> Background:
        with _OPENING:
            return self.__dict__.get("_background") or self._begun()

    def _begun(self) -> Background:
        background = Background()
        # One that nobody closes ends with the Extractor, at the latest with the process, and so do its connections.
        self._end = finalize(self, background.close)
        return background

    @overload
    def extract(self, schema: type[T], source: Source) -> Result[T]: ...
    @overload
    def extract(self, schema: Any, source: Source) -> Result[Any]: ...
    def extract(self, schema: Any, source: Source) -> Result[Any]:
        """The result for one document. `source` is a Path to a file, the text itself as a str, or a Document.

        `schema` is anything that `compile_schema` takes. Failures of this document are in the Result; what concerns
        every document is raised: AccountError, BudgetExceeded, StorageError, Unanswered. With a `cache`,
        `usage.cost_usd` is what this call paid; replies from the cache cost nothing.
        """
        return self._begin(self._flow(schema, source)).result()

    @overload
    def stream(self, schema: type[T], source: Source) -> Iterator[Partial[T]]: ...
    @overload
    def stream(self, schema: Any, source: Source) -> Iterator[Partial[Any]]: ...
    def stream(self, schema: Any, source: Source) -> Iterator[Partial[Any]]:
        """Partial values while the model writes, then one with the Result. Parts of a document follow one another.

        Leaving the loop early ends the request in flight; the most it can have cost counts as perhaps paid.
        """
        partials: SimpleQueue[Partial[Any] | None] = SimpleQueue()
        growing = Growing(compile_schema(schema, counts=True), partials.put)
        job = self._begin(self._flow(schema, source), growing)
        job.then(lambda _: partials.put(None))
        try:
            while (partial := partials.get()) is not None:
                yield partial
            yield growing.last(job.result())
        finally:
            stop([job])

    @overload
    def extract_many(self, schema: type[T], sources: Iterable[Source]) -> Iterator[Result[T]]: ...
    @overload
    def extract_many(self, schema: Any, sources: Iterable[Source]) -> Iterator[Result[Any]]: ...
    def extract_many(self, schema: Any, sources: Iterable[Source]) -> Iterator[Result[Any]]:
        """Results in the order in which they finish. `sources` may be endless: it is read a few documents ahead.

        Raises UsageError for a single source in place of several.
        """
        at_once = self.config.concurrency + AHEAD
        flows = (self._flow(schema, source, rank) for rank, source in enumerate(_several(sources)))
        yield from finished_in_background(flows, self._begin, at_once=at_once)

    def _begin(self, flow: Flow[Result[Any]], growing: Growing | None = None) -> Job[Result[Any]]:
        """Begin a document on what is open now. Whoever closes it either waits for this one, or it opens its own."""
        with _OPENING:
            asking = self._asking
            if growing:
                asking = self._remembering(Streaming(self._transport, growing))
            return self._background.begin(drive(flow, asking))

    def close(self) -> None:
        """Close connections and the cache, and end an embedded model. The next call opens them again.

        Waits for calls that other threads have in flight.
        """
        with _OPENING:
            end, session = "_background" in self.__dict__ and self._end, self.__dict__.get("_session")
            self._forget(*_OPENED)
        if end:
            end()
        if session:
            session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncExtractor(_Face):
    """Extractor for an event loop, with the same methods; use it in an `async with`, or call `aclose()`.

    >>> import asyncio
    >>> from pathlib import Path
    >>> from extractor import AsyncExtractor
    >>> from schemas.receipt import Receipt
    >>> async def main():
    ...     async with AsyncExtractor() as extractor:
    ...         return await extractor.extract(Receipt, Path("samples/receipts/kebab_hamburg.txt"))
    >>> asyncio.run(main()).status
    'ok'
    """

    @overload
    async def extract(self, schema: type[T], source: Source) -> Result[T]: ...
    @overload
    async def extract(self, schema: Any, source: Source) -> Result[Any]: ...
    async def extract(self, schema: Any, source: Source) -> Result[Any]:
        """As `Extractor.extract`."""
        await self._open()
        with self._session.in_use():
            return await drive(self._flow(schema, source), self._asking)

    @overload
    def stream(self, schema: type[T], source: Source) -> AsyncIterator[Partial[T]]: ...
    @overload
    def stream(self, schema: Any, source: Source) -> AsyncIterator[Partial[Any]]: ...
    async def stream(self, schema: Any, source: Source) -> AsyncIterator[Partial[Any]]:
        """As `Extractor.stream`. To leave early, call `aclose()` on the iterator or cancel the task."""
        await self._open()
        partials: asyncio.Queue[Partial[Any] | None] = asyncio.Queue()
        growing = Growing(compile_schema(schema, counts=True), partials.put_nowait)
        asking = self._remembering(Streaming(self._transport, growing))
        task = asyncio.create_task(drive(self._flow(schema, source), asking))
        task.add_done_callback(lambda _: partials.put_nowait(None))
        with self._session.in_use():
            try:
                while (partial := await partials.get()) is not None:
                    yield partial
                result = await task
                yield growing.last(result)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)  # what it may have cost is booked

    @overload
    def extract_many(self, schema: type[T], sources: Iterable[Source]) -> AsyncIterator[Result[T]]: ...
    @overload
    def extract_many(self, schema: Any, sources: Iterable[Source]) -> AsyncIterator[Result[Any]]: ...
    async def extract_many(self, schema: Any, sources: Iterable[Source]) -> AsyncIterator[Result[Any]]:
        """As `Extractor.extract_many`."""
        await self._open()
        flows = (self._flow(schema, source, rank) for rank, source in enumerate(_several(sources)))
        with self._session.in_use():
            async for result in finished(flows, self._asking, at_once=self.config.concurrency + AHEAD):
                yield result

    async def _open(self) -> None:
        if "_session" not in self.__dict__:  # starting an embedded model takes seconds
            await asyncio.to_thread(lambda: self._session)

    async def aclose(self) -> None:
        """Close connections and the cache, and end an embedded model. The next call opens them again.

        Calls in flight end as they would; the cache stays open for their replies.
        """
        if "_transport" in self.__dict__:
            await self._transport.aclose()
        if "_session" in self.__dict__:
            self._session.close()
        self._forget(*_OPENED)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _several(sources: Iterable[Source]) -> Iterable[Source]:
    """The sources, unless they are a single one: a str would be read letter by letter, at a price."""
    if isinstance(sources, str | Path | Document):
        raise UsageError(
            "extract_many takes a list of sources, and this is one: use extract, or a Pipeline for a folder"
        )
    return sources


def _work(source: Source, context: Context, rank: int) -> Work:
    match source:
        case Document():
            return Work(name=source.name, context=context, document=source, rank=rank)
        case Path():
            return Work(name=source.name, context=context, path=source, rank=rank)
        case str():
            return Work(name="text", context=context, document=Document.from_text(source), rank=rank)
        case _:
            raise UsageError(f"{source!r} is no document: give a Path to a file, its text as str, or a Document")
