"""Idle connections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from extractor.call.clock import now

__all__ = ["IDLE_SECONDS", "Stack"]

Slot = TypeVar("Slot")

IDLE_SECONDS = 60.0
"""How long a connection is worth keeping that nobody uses."""


class Stack(Generic[Slot]):
    """The one that was used last, still warm, is taken first, so that after a rush the others grow old unused.

    Safe to share between threads: each step that changes it is one call of a list's.
    """

    def __init__(self, make: Callable[[], Slot]) -> None:
        self._make = make
        self._idle: list[tuple[float, Slot]] = []
        self._drained = False

    def take(self) -> Slot:
        """A connection, idle or new."""
        try:
            return self._idle.pop()[1]
        except IndexError:
            return self._make()

    def give(self, slot: Slot) -> list[Slot]:
        """Put a connection back; it is returned where it is to be closed instead, as nobody will take it."""
        self._idle.append((now(), slot))
        return self.drain() if self._drained else []

    def old(self) -> list[Slot]:
        """A connection that is to be closed, if there is one that has not been used for a minute."""
        for first in self._idle[:1]:
            if first[0] + IDLE_SECONDS < now() and self._lose(first):
                return [first[1]]
        return []

    def drain(self) -> list[Slot]:
        """Every idle connection; none is left, and none that comes back later is kept."""
        self._drained = True
        idle, self._idle = self._idle, []
        return [slot for _, slot in idle]

    def _lose(self, entry: tuple[float, Slot]) -> bool:
        try:
            self._idle.remove(entry)
        except ValueError:  # another thread took it
            return False
        return True
