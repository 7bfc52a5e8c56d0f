"""One ledger for the money of a job: what is reserved, paid, lost and perhaps paid, under a cap that is never passed.

    reserve ─► in flight ─┬─► a reply ───────────────────────────► paid
                          ├─► refused, or never sent ────────────► nothing
                          ├─► failed, and billed all the same ───► lost
                          └─► broken, timed out, killed ─────────► perhaps paid, at the most that it can have cost

Amounts are whole nano-dollars. A book outlives the process: a request is in it before it is sent, so that what a
killed run had in flight counts as perhaps paid in the next one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any, Protocol

from extractor.call.budget import counted, upper_bound
from extractor.errors import BudgetExceeded, ServiceError, UsageError
from extractor.wire.prices import Price, dollars
from extractor.wire.values import Reply, Request, Usage, nano, usd

__all__ = ["Book", "Heads", "Ledger", "Outcome", "Purse"]

Outcome = Reply | ServiceError | None
"""What came of a request; None where nobody knows, so that it may have been answered and billed."""


@dataclass(frozen=True, slots=True)
class Heads:
    """The sums of a ledger, in nano-dollars. None is unknown: a reply was paid for whose price nobody knows.

    `paid` is for replies that are kept, `lost` for those that nobody could use, `perhaps` the most that requests of
    unknown fate can have cost, `reserved` the most that those under way can cost.
    """

    paid: int | None = 0
    lost: int = 0
    perhaps: int = 0
    reserved: int = 0

    @property
    def spent(self) -> int | None:
        """What is known to be paid."""
        return None if self.paid is None else self.paid + self.lost

    @property
    def most(self) -> int:
        """What counts against a cap."""
        return (self.paid or 0) + self.lost + self.perhaps


class Book(Protocol):
    """Where a ledger is written down. What `reserve` writes outlives a killed process once it returns.

    Whoever keeps a reply books what was paid for it; until then its reservation stays.
    """

    def reserve(self, key: str, most: int) -> None: ...

    def settle(self, key: str, *, left: int = 0, lost: int = 0, perhaps: int = 0) -> None: ...


class Purse(Protocol):
    """Money that several processes share, in nano-dollars."""

    def covers(self, gone: int, reserved: int, cost: int) -> bool:
        """Whether this process may reserve `cost` beside what it has spent and reserved; False to ask again later.

        BudgetExceeded where that is more than will ever be left.
        """


class Ledger:
    """The money of one process under a cap in US dollars, if there is one. Safe to share between threads.

    `before` counts against the cap: what earlier runs of the same job spent. `out` is what they left reserved for
    requests whose replies are still to be had, by their keys. A `purse` is shared with other processes.
    """

    def __init__(
        self,
        price: Price | None,
        *,
        cap: float | None = None,
        before: Heads | None = None,
        out: Mapping[str, int] | None = None,
        book: Book | None = None,
        purse: Purse | None = None,
    ) -> None:
        if cap is not None and price is None:
            raise UsageError("the price of this model is not known, so no budget can be kept; leave --max-cost out")
        self._price, self._book, self._purse = price, book, purse
        self._cap = None if cap is None else nano(cap)
        self._spent = before.most if before else 0
        self._out = dict(out or {})
        self._reserved = 0
        self._lock = Lock()

    @property
    def spent(self) -> float:
        """US dollars paid and perhaps paid, those of earlier runs among it."""
        return usd(self._spent)

    def most(self, body: Mapping[str, Any]) -> Usage:
        """The most that a request can use; counted by the model's vocabulary where a cap makes that worth its time."""
        return upper_bound(body, exact=self._cap is not None or self._purse is not None)

    def reserve(self, key: str, most: Usage) -> bool:
        """Set aside the most that a request can cost, before it is sent; False to ask again once others are settled.

        BudgetExceeded when it would not fit even then.
        """
        cost = self._cost(most)
        with self._lock:
            fits = self._fits(cost, self._spent + sum(self._out.values()) - self._out.get(key, 0))
            if fits:
                if self._book:
                    self._book.reserve(key, cost)
                self._out.pop(key, None)
                self._reserved += cost
            return fits

    def settle(self, request: Request, most: Usage, outcome: Outcome, *, billed: float | None = None) -> None:
        """Replace a reservation by what came of the request; `billed` is the most in US dollars that it can have cost,
        where its reply says that."""
        bound = self._cost(most) if billed is None else min(self._cost(most), nano(billed))
        paid, lost, perhaps = self._came_to(request, bound, outcome)
        with self._lock:
            self._reserved -= self._cost(most)
            self._spent += paid + lost + perhaps
            if self._book and (perhaps or not isinstance(outcome, Reply)):
                self._book.settle(request.key, left=paid, lost=lost, perhaps=perhaps)

    def postpone(self, key: str, most: Usage) -> None:
        """Leave a reservation to whoever asks for the same later: the reply is still to be had."""
        with self._lock:
            self._reserved -= self._cost(most)
            self._out[key] = self._cost(most)

    def _fits(self, cost: int, gone: int) -> bool:
        within = self._cap is None or self._fits_cap(cost, gone, self._cap)
        return within and (self._purse is None or self._purse.covers(gone, self._reserved, cost))

    def _fits_cap(self, cost: int, gone: int, cap: int) -> bool:
        if gone + cost > cap:
            left = max(cap - gone, 0)
            raise BudgetExceeded(
                f"the next request may cost up to {dollars(usd(cost))}, and {dollars(usd(left))} of the budget of"
                f" {dollars(usd(cap))} is left; raise the budget and run the same command to go on"
            )
        return gone + self._reserved + cost <= cap

    def _came_to(self, request: Request, most: int, outcome: Outcome) -> tuple[int, int, int]:
        """What was paid, lost and perhaps paid."""
        match outcome:
            case None:
                return 0, 0, most
            case Reply(usage=None):  # it is booked by our estimate, and may have cost more
                estimate = self._cost(counted(outcome, request, None).usage or Usage())
                return estimate, 0, max(most - estimate, 0)
            case Reply(usage=Usage() as used):
                return self._cost(used), 0, 0
            case ServiceError(usage=Usage() as used):
                return 0, self._cost(used), 0
            case ServiceError(billable=True):
                return 0, 0, most
        return 0, 0, 0

    def _cost(self, usage: Usage) -> int:
        return self._price.nano(usage) if self._price else 0
