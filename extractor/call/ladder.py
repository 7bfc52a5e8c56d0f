"""The ladder of response formats, and what is remembered of which rung holds."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any

__all__ = ["RUNGS", "Ladder"]

RUNGS = ("json_schema", "json_object", "prompt")
"""From the strictest: a grammar from the schema, any JSON object, nothing but the words of the prompt."""

_PATIENCE = 3


class Ladder:
    """How often each rung failed in a row, by model and schema. Shared by every conversation of a run.

    A rung that failed three times without a success between is not tried again; the last rung always is.
    """

    def __init__(self, failures: Mapping[str, Mapping[str, int]] | None = None) -> None:
        self._failures = {key: dict(rungs) for key, rungs in (failures or {}).items()}
        self._lock = Lock()

    def rung(self, model: str, fingerprint: str) -> int:
        """The index in RUNGS to begin on."""
        with self._lock:
            failures = self._failures.get(_key(model, fingerprint), {})
            usable = (index for index, name in enumerate(RUNGS) if failures.get(name, 0) < _PATIENCE)
            return next(usable, len(RUNGS) - 1)

    def worked(self, model: str, fingerprint: str, rung: int) -> None:
        """An answer on this rung could be used."""
        with self._lock:
            self._failures.get(_key(model, fingerprint), {}).pop(RUNGS[rung], None)

    def failed(self, model: str, fingerprint: str, rung: int) -> None:
        """The rung was refused, or its answer was no JSON at all."""
        with self._lock:
            failures = self._failures.setdefault(_key(model, fingerprint), {})
            failures[RUNGS[rung]] = failures.get(RUNGS[rung], 0) + 1

    def export(self) -> dict[str, dict[str, int]]:
        """What is remembered, ready for JSON and for `Ladder(...)`."""
        with self._lock:
            return {key: dict(rungs) for key, rungs in self._failures.items() if rungs}

    def __getstate__(self) -> dict[str, Any]:
        return {"failures": self.export()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["failures"])  # type: ignore[misc]


def _key(model: str, fingerprint: str) -> str:
    return f"{model} {fingerprint}"
