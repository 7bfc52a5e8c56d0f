"""One budget for the shards of a job: `ledger.json` of the output says how much of it each shard may spend.

A shard draws a little more than it needs at a time, and gives back what is left when it ends. A shard that finds too
little waits while others are at work, which may give back what they do not need; so the budget is never passed, and no
money is left behind in a share that nobody uses.
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

import orjson

from extractor.call.ledger import Heads
from extractor.errors import BudgetExceeded
from extractor.shards.desk import borrowed
from extractor.shards.index import below, journal_of
from extractor.shards.lease import Lease, hold, is_held
from extractor.sources.storage import exists, join, read, write
from extractor.wire.prices import dollars
from extractor.wire.values import nano, usd

__all__ = ["Purse", "spent_by_all"]

_FILE = "ledger.json"
_AT_LEAST = 32
"""A shard draws at least this part of what is left, so that it does not come for every request."""

_LOOK_SECONDS = 1.0


class Purse:
    """What one shard may spend of the budget of `cap` US dollars; without a cap it only books what was spent.

    A worker that has lost its `lease` of the shard may spend nothing more: StorageError.
    """

    def __init__(self, out: str, shard: str, cap: float | None, lease: Lease) -> None:
        self._out, self._shard, self._lease = out, shard, lease
        self._cap = None if cap is None else nano(cap)
        self._allowed, self._looked = 0, 0.0
        self._spent: int | None = 0
        self._seen: dict[str, tuple[str, float]] = {}

    def begin(self, heads: Heads) -> None:
        """Enter what earlier runs of the shard spent."""
        self._book(heads, "open")

    def end(self, heads: Heads) -> None:
        """Enter what the shard has spent, and give back the rest."""
        self._book(heads, "done")

    def covers(self, gone: int, reserved: int, cost: int) -> bool:
        """Whether the shard may reserve `cost` as well; False while others may give something back.

        BudgetExceeded where nobody will.
        """
        self._lease.check()
        need = gone + reserved + cost
        if self._cap is None or need <= self._allowed:
            return True
        if monotonic() - self._looked < _LOOK_SECONDS and reserved:
            return False
        self._looked = monotonic()
        with hold(self._out, "ledger"):
            shards = _read(self._out)
            others = {name: entry for name, entry in shards.items() if name != self._shard}
            left = self._cap - sum(entry["nano"] for entry in others.values())
            if need <= left:
                self._allowed = max(need, min(left, need + (left - need) // _AT_LEAST))
                self._enter(shards, "open")
                return True
            if reserved:  # of which something comes back once it is settled
                return False
            self._allowed = gone
            self._enter(shards, "waiting")
        working = (below(self._out, name) for name, entry in others.items() if entry["state"] == "open")
        if any(is_held(place, "desk", self._seen) for place in working):
            return False
        raise BudgetExceeded(
            f"the next request may cost up to {dollars(usd(cost))}, and {dollars(usd(max(left - gone, 0)))} of the"
            f" budget of {dollars(usd(self._cap))} for all shards is left; raise the budget and run the job again to"
            " continue"
        )

    def _book(self, heads: Heads, state: str) -> None:
        self._lease.check()
        self._allowed, self._spent = heads.most + heads.reserved, heads.spent
        with hold(self._out, "ledger"):
            self._enter(_read(self._out), state)

    def _enter(self, shards: dict[str, Any], state: str) -> None:
        shards[self._shard] = {"nano": self._allowed, "spent": self._spent, "state": state}
        write(join(self._out, _FILE), orjson.dumps({"shards": shards}, option=orjson.OPT_INDENT_2))


def spent_by_all(out: str) -> float | None:
    """US dollars that all runs into an output place have spent; None where a price is unknown.

    The journal of a shard that did not end says what it spent, the ledger what the others did.
    """
    spent: list[int | None] = [
        entry["spent"] if entry["state"] == "done" else _spent(join(out, journal_of(shard)), entry["spent"])
        for shard, entry in _read(out).items()
    ]
    return None if None in spent else usd(sum(filter(None, spent)))


def _spent(place: str, before: int | None) -> int | None:
    if not exists(place):
        return before
    with TemporaryDirectory(prefix="extractor-") as scratch, borrowed(place, Path(scratch)) as journal:
        return journal.heads().spent


def _read(out: str) -> dict[str, Any]:
    place = join(out, _FILE)
    return dict(orjson.loads(read(place))["shards"]) if exists(place) else {}
