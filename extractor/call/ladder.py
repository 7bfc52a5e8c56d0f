"""The ladder of response formats, and what is remembered of a deployment: which rungs hold, what it does not take."""

from __future__ import annotations

from collections.abc import Mapping
from threading import Lock
from typing import Any

__all__ = ["RUNGS", "Ladder"]

RUNGS = ("json_schema", "bare_schema", "json_object", "prompt")
"""From the strictest: a grammar from the schema in OpenAI's envelope, the same without an envelope, any JSON object,
nothing but the words of the prompt."""

_PATIENCE = 3
_BARE = RUNGS.index("bare_schema")


class Ladder:
    """What the conversations of a run have learnt, shared by all of them.

    By model and schema: how often each rung failed in a row; one that failed three times without a success between is
    not tried again. By model: the rungs and the parameters that it refuses whatever they are for, and the rungs that
    have worked. The last rung is always there, and the bare schema only once the envelope was refused.
    """

    def __init__(self, state: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        state = state or {}
        self._failures = {key: dict(rungs) for key, rungs in state.get("failures", {}).items()}
        self._refused = {model: set(rungs) for model, rungs in state.get("refused", {}).items()}
        self._dropped = {model: set(names) for model, names in state.get("dropped", {}).items()}
        self._worked: dict[str, set[str]] = {}
        self._lock = Lock()

    def rung(self, model: str, fingerprint: str) -> int:
        """The index in RUNGS to begin on."""
        with self._lock:
            failures, refused = self._failures.get(_key(model, fingerprint), {}), self._refused.get(model, set())
            usable = [
                index for index, name in enumerate(RUNGS) if failures.get(name, 0) < _PATIENCE and name not in refused
            ]
            if RUNGS[0] not in refused:
                usable = [index for index in usable if index != _BARE]
            return next(iter(usable), len(RUNGS) - 1)

    def worked(self, model: str, fingerprint: str, rung: int) -> None:
        """An answer on this rung could be used."""
        with self._lock:
            self._failures.get(_key(model, fingerprint), {}).pop(RUNGS[rung], None)

    def failed(self, model: str, fingerprint: str, rung: int) -> None:
        """The rung was refused for this schema, or its answer was no JSON at all."""
        with self._lock:
            failures = self._failures.setdefault(_key(model, fingerprint), {})
            failures[RUNGS[rung]] = failures.get(RUNGS[rung], 0) + 1

    def hold(self, model: str, rung: int) -> None:
        """The model has answered on this rung."""
        with self._lock:
            self._worked.setdefault(model, set()).add(RUNGS[rung])

    def holds(self, model: str, rung: int) -> bool:
        """Whether the model has answered on this rung, so that a refusal there is not about the form of requests."""
        with self._lock:
            return RUNGS[rung] in self._worked.get(model, ())

    def refuse(self, model: str, rungs: range) -> None:
        """The model does not take these rungs, for any schema."""
        with self._lock:
            self._refused.setdefault(model, set()).update(RUNGS[rung] for rung in rungs)

    def dropped(self, model: str) -> frozenset[str]:
        """The parameters that the model does not take."""
        with self._lock:
            return frozenset(self._dropped.get(model, ()))

    def drop(self, model: str, name: str) -> None:
        """The model does not take this parameter."""
        with self._lock:
            self._dropped.setdefault(model, set()).add(name)

    def know(self, model: str, facts: Mapping[str, Any]) -> None:
        """Take over what an earlier run, or a person's look at the deployment, found out of a model."""
        with self._lock:
            self._refused.setdefault(model, set()).update(name for name in facts.get("refused", ()) if name in RUNGS)
            self._dropped.setdefault(model, set()).update(map(str, facts.get("dropped", ())))

    def facts(self, model: str) -> dict[str, list[str]]:
        """What the model refuses, ready for JSON: `refused` rungs and `dropped` parameters."""
        with self._lock:
            found = {"refused": self._refused.get(model), "dropped": self._dropped.get(model)}
            return {name: sorted(values) for name, values in found.items() if values}

    def export(self) -> dict[str, dict[str, Any]]:
        """What is remembered, ready for JSON and for `Ladder(...)`."""
        with self._lock:
            return {
                "failures": {key: dict(rungs) for key, rungs in self._failures.items() if rungs},
                "refused": {model: sorted(rungs) for model, rungs in self._refused.items() if rungs},
                "dropped": {model: sorted(names) for model, names in self._dropped.items() if names},
            }

    def __getstate__(self) -> dict[str, Any]:
        return {"state": self.export()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state["state"])  # type: ignore[misc]


def _key(model: str, fingerprint: str) -> str:
    return f"{model} {fingerprint}"
