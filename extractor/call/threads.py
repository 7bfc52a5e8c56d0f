"""Threads that nobody has to wait for: what they compute for an interrupted run is for nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from queue import Empty, SimpleQueue
from threading import Lock, Semaphore, Thread
from typing import Any

__all__ = ["Threads"]

_Call = tuple[Future[Any], Callable[[], Any]]


class Threads(ThreadPoolExecutor):
    """An executor whose threads end with the process, whatever they are computing then.

    The standard one joins its threads when the interpreter exits, and so a function that never returns would keep an
    interrupted process alive.
    """

    def __init__(self, most: int | None = None) -> None:
        super().__init__()
        self._most = most or min(32, (os.cpu_count() or 1) + 4)
        self._calls: SimpleQueue[_Call | None] = SimpleQueue()
        self._free, self._starting = Semaphore(0), Lock()
        self._begun = 0

    def submit(self, function: Callable[..., Any], /, *args: Any, **named: Any) -> Future[Any]:
        """As the standard one; a thread is started where none is free."""
        future: Future[Any] = Future()
        self._calls.put((future, partial(function, *args, **named)))
        with self._starting:
            if not self._free.acquire(blocking=False) and self._begun < self._most:
                self._begun += 1
                Thread(target=self._work, name=f"extractor-{self._begun}", daemon=True).start()
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the threads end once all is done, or with `cancel_futures` after their present call; waits for none."""
        if cancel_futures:
            self._cancel()
        for _ in range(self._begun):
            self._calls.put(None)

    def _cancel(self) -> None:
        while True:
            try:
                call = self._calls.get_nowait()
            except Empty:
                return
            if call:
                call[0].cancel()

    def _work(self) -> None:
        while call := self._calls.get():
            future, function = call
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(function())
                except BaseException as error:
                    future.set_exception(error)
            del call, future, function  # an idle thread holds nothing
            self._free.release()
