"""The fault switches: each by name, with a rate, and drawn so that the same seed gives the same end.

The faults themselves stand where they act: `refusals.py`, `answers.py`, `replies.py`, `bodies.py`, `streams.py`,
`connections.py`. A draw depends on the seed, on what the request says and on how often it was said before; never on the
order in which requests arrive, so that concurrency changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson

from extractor.emulator.answers import ANSWERS
from extractor.emulator.bodies import BODIES
from extractor.emulator.connections import CONNECTIONS
from extractor.emulator.refusals import REFUSALS
from extractor.emulator.replies import REPLIES
from extractor.emulator.streams import STREAMS
from extractor.emulator.values import Fault, faults
from extractor.errors import UsageError

__all__ = ["FAULTS", "Dice", "parse_rates"]

_BATCHES = (
    "batch_forgotten: a batch that was taken is not known at the next poll.",
    "batch_results: the finished batch lists `results`, not `responses`.",
    "batch_item: an item of the batch fails.",
    "batch_shuffled: the items of the batch come back in another order.",
    "batch_slow: the batch says queued and running for five more polls.",
)
_QUEUED = faults("batch", dict.fromkeys(_BATCHES))

FAULTS: Mapping[str, Fault] = {
    fault.name: fault for fault in (*REFUSALS, *ANSWERS, *REPLIES, *BODIES, *STREAMS, *CONNECTIONS, *_QUEUED)
}


def parse_rates(switches: Iterable[str]) -> dict[str, float]:
    """`["busy:0.1", "all:0.3"]` as rates by name.

    `all` stands for every fault that is neither final nor slow, and `refusal` and the like for those that act there.
    The faults of a group share the rate: it is how many of the requests draw one.
    """
    rates: dict[str, float] = {}
    for switch in switches:
        name, _, number = switch.partition(":")
        try:
            rates |= _expand(name, float(number))
        except ValueError:
            raise UsageError(
                f"--fault {switch}: write NAME:RATE with a rate from 0 to 1, for example busy:0.1"
            ) from None
    return rates


def _expand(name: str, rate: float) -> dict[str, float]:
    if not 0 <= rate <= 1:
        raise UsageError(f"the rate of {name} is {rate:g}; it must be from 0 to 1")
    if name in FAULTS:
        return {name: rate}
    group = [fault for fault in FAULTS.values() if name in ("all", fault.where)]
    found = [fault.name for fault in group if not fault.final and not fault.slow]
    if not found:
        raise UsageError(f"no fault is named {name!r}; `extractor emulate --fault list` lists them")
    return dict.fromkeys(found, rate / len(found))


@dataclass(slots=True)
class Dice:
    """Draws the faults of each request, until `most` requests drew one. `rates` may name groups."""

    rates: Mapping[str, float]
    seed: int = 0
    most: int | None = None
    _seen: Counter[bytes] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        rates: dict[str, float] = {}
        for name, rate in self.rates.items():
            rates |= _expand(name, rate)
        self.rates = rates

    def roll(self, body: Any) -> tuple[str, ...]:
        """The faults that this request draws this time, in the order of the table."""
        if not self.rates or self.most == 0:
            return ()
        content = blake2b(orjson.dumps(body, option=orjson.OPT_SORT_KEYS), digest_size=16).digest()
        self._seen[content] += 1
        drawn = tuple(name for name in FAULTS if name in self.rates and self._draw(name, content) < self.rates[name])
        if drawn and self.most is not None:
            self.most -= 1
        return drawn

    def _draw(self, name: str, content: bytes) -> float:
        seed_text = f"{self.seed}:{name}:{self._seen[content]}:".encode() + content
        return int.from_bytes(blake2b(seed_text, digest_size=8).digest()) / 2**64
