"""Library calls: `Extractor` for threads, `AsyncExtractor` for an event loop."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from inspect import Parameter, Signature, cleandoc, signature
from pathlib import Path
from queue import SimpleQueue
from threading import Lock, RLock
from types import TracebackType
from typing import Any, Self, TypeVar, Unpack, overload
from weakref import WeakValueDictionary

from extractor.call.background import Background, Job, taken
from extractor.call.effects import Flow, Transport, drive
from extractor.call.http import HttpTransport, Streaming
from extractor.call.remember import Remembering
from extractor.documents.document import Document
from extractor.errors import StorageError, UsageError
from extractor.pipeline.config import Config, ConfigOptions, Session
from extractor.pipeline.engine import AHEAD, finished, finished_in_background
from extractor.pipeline.journal import Journal
from extractor.pipeline.result import Result
from extractor.pipeline.stages import STAGES, Context, Work, process
from extractor.pipeline.store import Damaged
from extractor.pipeline.streaming import Growing, Partial
from extractor.schema.compiler import compile_schema

__all__ = ["AsyncExtractor", "Extractor", "Source"]

T = TypeVar("T")

_OPENING = RLock()
_OPEN: WeakValueDictionary[int, _Face] = WeakValueDictionary()
_LEFT_TO_PARENT: list[object] = []


def _leave_to_parent() -> None:
    """In a forked child: let go of what the parent has open, without closing it; the next call opens its own."""
    global _OPENING
    _OPENING = RLock()  # whoever held it is no thread of this process
    for face in list(_OPEN.values()):
        _LEFT_TO_PARENT.append((face._open, face._background))
        face._open = face._background = None
    _OPEN.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_leave_to_parent)

Source = str | Path | Document
"""A str is always text; a Path is a file; a Document is one already."""


class _Open:
    """What is opened on first use: the session and its cache, connections, and for each schema what documents share."""

    def __init__(self, config: Config) -> None:
        endpoint = config.endpoint()
        try:
            self.cache = None if config.cache is None else Journal(Path(config.cache), shared=True)
            self.session = Session(config, endpoint, cache=self.cache)
        except BaseException as error:
            endpoint.close()
            if isinstance(error, Damaged):
                raise StorageError(f"{error}; name another file for the cache") from error
            raise
        self.http = HttpTransport(endpoint, limits=self.session.limits)
        self.asking = self.remembering(self.http)
        self._contexts: dict[str, Context] = {}
        self._lock, self._calls, self._closing = Lock(), 0, False

    def remembering(self, transport: Transport) -> Transport:
        """A transport, with the cache before it where there is one."""
        return Remembering(transport, self.cache) if self.cache else transport

    def flow(self, schema: Any, source: Source, rank: int = 0) -> Flow[Result[Any]]:
        """A document on its way to a result."""
        compiled = compile_schema(schema, counts=True)
        context = self._contexts.get(compiled.fingerprint)
        if context is None or context.schema is not compiled:  # two types may be asked for alike
            context = self._contexts[compiled.fingerprint] = self.session.context(compiled)
        match source:
            case Document():
                work = Work(source.name, context, document=source, rank=rank)
            case Path():
                work = Work(source.name, context, source, rank=rank)
            case str():
                work = Work("text", context, document=Document.from_text(source), rank=rank)
            case _:
                raise UsageError(f"{source!r} is no document: give a Path to a file, its text as str, or a Document")
        return process(work, STAGES)

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Keep it open for a call, though it be closed meanwhile: what the call pays for can still be stored."""
        with self._lock:
            self._calls += 1
        try:
            yield
        finally:
            with self._lock:
                self._calls -= 1
                last = self._closing and not self._calls
            if last:
                self._close()

    def close(self) -> None:
        """Store what was learnt, end an embedded model, and close the cache, once no call is in flight."""
        with self._lock:
            self._closing = True
            last = not self._calls
        if last:
            self._close()

    def _close(self) -> None:
        self.session.keep_facts()
        self.session.endpoint.close()
        if self.cache:
            self.cache.close()


class _Face:
    """What both classes share: a Config, and what is opened on first use."""

    config: Config
    _open: _Open | None = None
    _background: Background | None = None

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

    def _opened(self) -> _Open:
        with _OPENING:  # two threads that come first at once must not open two
            if self._open is None:
                self._open = _Open(self.config)
                _OPEN[id(self)] = self
            return self._open

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
        return self._run(self._opened().flow(schema, source))

    @overload
    def stream(self, schema: type[T], source: Source) -> Iterator[Partial[T]]: ...
    @overload
    def stream(self, schema: Any, source: Source) -> Iterator[Partial[Any]]: ...
    def stream(self, schema: Any, source: Source) -> Iterator[Partial[Any]]:
        """Partial values while the model writes, then one with the Result. Parts of a document follow one another.

        Leaving the loop early ends the request in flight; the most it can have cost counts as perhaps paid.
        """
        partials: SimpleQueue[Partial[Any] | None] = SimpleQueue()
        opened = self._opened()
        growing = Growing(compile_schema(schema, counts=True), partials.put, opened.http.hidden)
        with closing(Job[Result[Any]]()) as job:
            job.then(lambda _: partials.put(None))
            self._begin(job, opened.flow(schema, source), growing)
            while (partial := taken(partials)) is not None:
                yield partial
            yield growing.last(job.result())

    @overload
    def extract_many(self, schema: type[T], sources: Iterable[Source]) -> Iterator[Result[T]]: ...
    @overload
    def extract_many(self, schema: Any, sources: Iterable[Source]) -> Iterator[Result[Any]]: ...
    def extract_many(self, schema: Any, sources: Iterable[Source]) -> Iterator[Result[Any]]:
        """Results in the order in which they finish. `sources` may be endless: it is read a few documents ahead.

        An error that would stop every document is raised after the results of those that were open, as they are paid
        for. Raises UsageError for a single source in place of several.
        """
        at_once = self.config.concurrency + AHEAD
        flows = (self._opened().flow(schema, source, rank) for rank, source in enumerate(_several(sources)))
        yield from finished_in_background(flows, self._begin, at_once=at_once)

    def _run(self, flow: Flow[T]) -> T:
        with closing(Job[T]()) as job:
            self._begin(job, flow)
            return job.result()

    def _begin(self, job: Job[T], flow: Flow[T], growing: Growing | None = None) -> None:
        """Begin a document on what is open now. Whoever closes it either waits for this one, or it opens its own."""
        with _OPENING:
            opened = self._opened()
            asking = opened.remembering(Streaming(opened.http, growing)) if growing else opened.asking
            if self._background is None:
                self._background = Background()
            self._background.begin(job, drive(flow, asking))

    def close(self) -> None:
        """Close connections and the cache, and end an embedded model. The next call opens them again.

        Waits for calls that other threads have in flight.
        """
        self._close(waiting=True)

    def _close(self, *, waiting: bool) -> None:
        with _OPENING:
            background, opened = self._background, self._open
            self._background = self._open = None
        if background:
            background.close(waiting=waiting)
        if opened:
            opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close(waiting=error is None or isinstance(error, Exception))  # an interrupt ends what is in flight


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
        opened = await self._opened_aside()
        with opened.in_use():
            return await drive(opened.flow(schema, source), opened.asking)

    @overload
    def stream(self, schema: type[T], source: Source) -> AsyncIterator[Partial[T]]: ...
    @overload
    def stream(self, schema: Any, source: Source) -> AsyncIterator[Partial[Any]]: ...
    async def stream(self, schema: Any, source: Source) -> AsyncIterator[Partial[Any]]:
        """As `Extractor.stream`. To leave early, call `aclose()` on the iterator or cancel the task."""
        opened = await self._opened_aside()
        partials: asyncio.Queue[Partial[Any] | None] = asyncio.Queue()
        growing = Growing(compile_schema(schema, counts=True), partials.put_nowait, opened.http.hidden)
        asking = opened.remembering(Streaming(opened.http, growing))
        task = asyncio.create_task(drive(opened.flow(schema, source), asking))
        task.add_done_callback(lambda _: partials.put_nowait(None))
        with opened.in_use():
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
        opened = await self._opened_aside()
        flows = (opened.flow(schema, source, rank) for rank, source in enumerate(_several(sources)))
        with opened.in_use():
            async for result in finished(flows, opened.asking, at_once=self.config.concurrency + AHEAD):
                yield result

    async def _opened_aside(self) -> _Open:
        if self._open is None:  # starting an embedded model takes seconds
            return await asyncio.to_thread(self._opened)
        return self._open

    async def aclose(self) -> None:
        """Close connections and the cache, and end an embedded model. The next call opens them again.

        Calls in flight end as they would; the cache stays open for their replies.
        """
        opened, self._open = self._open, None
        if opened:
            await opened.http.aclose()
            opened.close()

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
