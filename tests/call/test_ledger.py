"""The ledger books everything that may have to be paid, under a cap that nothing passes: no fault, no kill."""

from __future__ import annotations

import math
import threading
from collections import Counter
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.call.ledger import Heads, Ledger, Outcome
from extractor.call.limits import Claim, Limits
from extractor.errors import (
    BrokenReply,
    BudgetExceeded,
    Busy,
    Rejected,
    StorageError,
    TooSlow,
    Unreachable,
    UsageError,
)
from extractor.pipeline.config import Config
from extractor.wire.prices import Price
from extractor.wire.values import Reply, Request, Usage, nano

DOLLAR = Price(prompt=1e6, cached=1e6, completion=1e6)
"""One dollar a token: what is counted can be read off."""


@dataclass
class Book:
    """A book in memory, as it would be found after a kill."""

    open: dict[str, int] = field(default_factory=dict)
    heads: Counter[str] = field(default_factory=Counter)

    def reserve(self, key: str, most: int, document: str) -> None:
        self.open[key] = most

    def settle(self, key: str, document: str, *, left: int = 0, lost: int = 0, perhaps: int = 0) -> None:
        self.open[key] = left
        self.heads.update({"lost": lost, "perhaps": perhaps})
        if not left:
            del self.open[key]

    def put(self, key: str, paid: int) -> None:
        del self.open[key]
        self.heads["paid"] += paid

    def reopened(self) -> Heads:
        """What the next run finds: what was under way is perhaps paid."""
        self.heads["perhaps"] += sum(self.open.values())
        self.open.clear()
        return Heads(**{head: self.heads[head] for head in ("paid", "lost", "perhaps")})


def _request(name: str = "") -> Request:
    return Request({"messages": [{"role": "user", "content": name}], "max_completion_tokens": 50})


def _admitted(limits: Limits, most: Usage) -> tuple[Claim, float]:
    claim = Claim(_request(), most)
    return claim, limits.admit(claim, 0)


def test_a_reservation_that_only_may_not_fit_waits() -> None:
    """While others may turn out cheaper a request waits; it is refused once it could never fit."""
    ledger = Ledger(DOLLAR, cap=100)
    limits = Limits(ledger=ledger)
    first, _ = _admitted(limits, Usage(10, 0, 50))
    assert _admitted(limits, Usage(10, 0, 50))[1] == math.inf
    limits.settle(first, 1, Reply("yes", usage=Usage(10, 0, 5)))
    assert ledger.spent == 15
    assert _admitted(limits, Usage(10, 0, 50))[1] == 0
    with pytest.raises(BudgetExceeded, match=r"up to \$90.00, and \$85.00 of the budget of \$100.00 is left"):
        _admitted(limits, Usage(40, 0, 50))


@pytest.mark.parametrize(
    ("outcome", "spent", "heads"),
    [
        (Reply("yes", usage=Usage(10, 0, 5)), 15, {}),
        (None, 60, {"perhaps": 60}),
        (BrokenReply("half"), 60, {"perhaps": 60}),
        (TooSlow("generated for 120 s"), 60, {"perhaps": 60}),
        (Unreachable("no whole reply"), 60, {"perhaps": 60}),
        (Unreachable("refused", billable=False), 0, {}),
        (Busy("refused"), 0, {}),
        (Rejected("refused"), 0, {}),
        (BrokenReply("half", usage=Usage(10, 0, 5)), 15, {"lost": 15}),
        (Busy("broken off", billable=True), 60, {"perhaps": 60}),
        (Busy("broken off", billable=True, usage=Usage(10, 0, 5)), 15, {"lost": 15}),
    ],
)
def test_what_may_have_been_billed_counts(outcome: Outcome, spent: int, heads: dict[str, int]) -> None:
    """A reply counts by its usage, a refusal nothing, and what nobody knows the most that it can be."""
    book, request = Book(), _request()
    ledger = Ledger(DOLLAR, cap=100, book=book)
    most = Usage(10, 0, 50)
    assert ledger.reserve(request.key, most)
    assert book.open == {request.key: nano(60)}
    ledger.settle(request, most, outcome)
    assert ledger.spent == spent
    assert {head: amount for head, amount in book.heads.items() if amount} == {
        head: nano(amount) for head, amount in heads.items()
    }
    assert book.open == ({request.key: nano(60)} if isinstance(outcome, Reply) else {})


def test_what_a_broken_reply_says_of_its_cost_counts() -> None:
    """The head of a reply may say what it was billed; that is never more than the most."""
    for billed, spent in ((7.5, 7.5), (1e9, 60)):
        ledger, request, most = Ledger(DOLLAR, cap=100), _request(), Usage(10, 0, 50)
        ledger.reserve(request.key, most)
        ledger.settle(request, most, BrokenReply("half"), billed=billed)
        assert ledger.spent == spent


def test_a_reply_without_its_usage_counts_at_its_most() -> None:
    """Its record tells our estimate; what it may have cost beyond that is perhaps paid."""
    book, request = Book(), _request("word " * 20)
    ledger, most = Ledger(DOLLAR, cap=1000, book=book), Usage(400, 0, 50)
    ledger.reserve(request.key, most)
    ledger.settle(request, most, Reply("two words"))
    assert ledger.spent == 450
    assert book.heads["perhaps"] + book.open[request.key] == nano(450)
    assert nano(10) < book.open[request.key] < nano(40)


def test_earlier_runs_count() -> None:
    """A cap is the job's, not the run's: what was paid, lost and perhaps paid before is part of it."""
    before = Heads(paid=nano(40), lost=nano(30), perhaps=nano(25))
    ledger = Ledger(DOLLAR, cap=100, before=before)
    assert ledger.reserve("a", Usage(2, 0, 3))
    with pytest.raises(BudgetExceeded):
        ledger.reserve("b", Usage(3, 0, 3))


def test_what_is_still_out_is_reserved_until_it_is_asked_for() -> None:
    """A batch of an earlier run keeps its money; who asks for its answers takes that over, and others have the rest."""
    ledger = Ledger(DOLLAR, cap=100, out={"a": (nano(60), "")})
    with pytest.raises(BudgetExceeded):
        ledger.reserve("b", Usage(41, 0, 0))
    assert ledger.reserve("a", Usage(60, 0, 0))
    ledger.settle(_keyed("a"), Usage(60, 0, 0), Reply("yes", usage=Usage(10, 0, 0)))
    assert ledger.reserve("b", Usage(90, 0, 0))


def test_a_postponed_reservation_is_not_spent() -> None:
    """What is out for another run to take stays reserved, and counts neither twice nor as spent."""
    ledger = Ledger(DOLLAR, cap=100)
    assert ledger.reserve("a", Usage(60, 0, 0))
    ledger.postpone(_keyed("a"), Usage(60, 0, 0))
    assert ledger.spent == 0
    assert ledger.reserve("a", Usage(60, 0, 0))
    assert ledger.reserve("b", Usage(40, 0, 0))


def test_nothing_is_sent_that_could_not_be_written_down() -> None:
    """Where the book fails nothing is reserved, so that the request is not sent."""

    class Full(Book):
        def reserve(self, key: str, most: int, document: str) -> None:
            raise StorageError("disk full")

    limits = Limits(ledger=Ledger(DOLLAR, cap=1000, book=Full()), in_flight=1)
    for _ in range(2):
        with pytest.raises(StorageError):
            limits.admit(limits.claim(_request()), 0)


@pytest.mark.parametrize("cap", [-0.01, float("nan"), float("inf")])
def test_a_cap_is_an_amount(cap: float) -> None:
    """What is no amount of money is refused, in the ledger and in a Config."""
    with pytest.raises(UsageError, match="give"):
        Ledger(DOLLAR, cap=cap)
    with pytest.raises(UsageError, match="max_cost is"):
        Config(max_cost=cap)


def test_without_a_price_there_is_no_cap() -> None:
    """Where the price is unknown a budget cannot be kept, and that is said at once; a ledger can."""
    with pytest.raises(UsageError, match="price"):
        Ledger(None, cap=1.0)
    assert Ledger(None).reserve("a", Usage(1, 0, 1))


def _keyed(key: str) -> Request:
    request = Request({})
    request.__dict__["key"] = key
    return request


Step = tuple[str, int, int]


@given(
    st.lists(
        st.tuples(st.sampled_from(["ask", "reply", "break", "refuse", "kill"]), st.integers(1, 40), st.integers(0, 9))
    )
)
def test_no_cap_is_passed(steps: list[Step]) -> None:
    """Whatever is asked, answered, broken, refused and killed, in any order: a service that bills all of it, and what
    was in flight at a kill as well, never bills more than the cap."""
    cap, billed, book = 100, 0, Book()
    ledger = Ledger(DOLLAR, cap=cap, book=book)
    out: list[tuple[Request, int]] = []
    for number, (step, most, which) in enumerate(steps):
        if step == "ask":
            request = _keyed(str(number))
            try:
                if ledger.reserve(request.key, Usage(most, 0, 0)):
                    out.append((request, most))
            except BudgetExceeded:
                continue
        elif step == "kill":
            billed += sum(amount for _, amount in out)
            out.clear()
            ledger = Ledger(DOLLAR, cap=cap, before=book.reopened(), book=book)
        elif out:
            request, amount = out.pop(which % len(out))
            used = Usage(amount * which // 9, 0, 0)
            outcomes: dict[str, Outcome] = {
                "reply": Reply("yes", usage=used),
                "break": BrokenReply("half", usage=used) if which % 2 else BrokenReply("half"),
                "refuse": Busy("full"),
            }
            billed += {"reply": used.prompt_tokens, "break": used.prompt_tokens if which % 2 else amount}.get(step, 0)
            ledger.settle(request, Usage(amount, 0, 0), outcomes[step])
            if step == "reply":
                book.put(request.key, nano(used.prompt_tokens))
        assert billed + sum(amount for _, amount in out) <= cap


def test_the_cap_holds_under_threads() -> None:
    """However many threads ask at once, what is paid never passes the cap, and nearly all of it can be used."""
    ledger = Ledger(DOLLAR, cap=1000)
    limits, refused = Limits(ledger=ledger), threading.Event()

    def work() -> None:
        while not refused.is_set():
            claim = Claim(_request(), Usage(3, 0, 7))
            try:
                seconds = limits.admit(claim, 0)
            except BudgetExceeded:
                refused.set()
                return
            if seconds == 0:
                limits.settle(claim, 0, Reply("yes", usage=Usage(3, 0, 4)))

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert 990 < ledger.spent <= 1000
