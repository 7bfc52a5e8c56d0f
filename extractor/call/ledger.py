"""One ledger for the money of a job: what is reserved, paid, lost and perhaps paid, under a cap that is never passed.

    reserve ─► in flight ─┬─► a reply ───────────────────────────► paid
                          ├─► refused, or never sent ────────────► nothing
                          ├─► failed, and billed all the same ───► lost
                          └─► broken, timed out, killed ─────────► perhaps paid, at the most that it can have cost

The most that a request can use is proven, so that a cap on money holds for any text in any script. A token of a
byte-level vocabulary stands for one byte or more, so that a text has no more tokens than bytes in UTF-8. JSON only
lengthens a text, and its braces, quotes and names outweigh the words that the model's template puts around a message.
Pictures follow the model's own formula, and the limit on tokens bounds each of the answers.

Amounts are whole nano-dollars. A book outlives the process: a request is in it before it is sent, so that what a
killed run had in flight counts as perhaps paid in the next one.
"""

from __future__ import annotations

import json
import math
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, Protocol

import orjson

from extractor.errors import BudgetExceeded, ServiceError, UsageError
from extractor.text.tokens import count_tokens, encoder
from extractor.wire.images import image_size, image_tokens
from extractor.wire.prices import Price, dollars
from extractor.wire.values import Reply, Request, Usage, nano, usd

__all__ = ["Book", "Heads", "Ledger", "Outcome", "Purse", "counted", "prompt_tokens", "upper_bound"]

_WINDOW = 262_144
"""Tokens of prompt and answer together, as published: what is longer is refused, and costs nothing."""

_PER_REQUEST, _PER_PART = 128, 8
"""The template's own: its default instructions and the opening of the answer; the marks around a message or picture."""

_LARGEST_PICTURE = 4_225
_COMMON_PICTURE = 1_000
_HEADER = 1 << 18  # characters of base64: the size of a JPEG can stand behind long metadata

Count = Callable[[str], int]

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
    """Where paid replies are kept, and where the ledger is written down: all that a room below the job knows of a disk.

        get ─► claim ─► reserve ─► settle ─► put        a reply came
                 │         └─────► settle ─► release    none came
                 └── False: another process asks

    Keys are those of Requests. What a call has written outlives a killed process once it returns.
    """

    def get(self, key: str, document: str, /) -> Reply | None:
        """The reply that is kept; it costs nothing where another document or call has paid for it."""

    def claim(self, key: str, /) -> bool:
        """Take a question, until `put` or `release`; False where somebody else asks it or has its reply."""

    def reserve(self, key: str, most: int, document: str, /) -> None:
        """Set money aside, in nano-dollars, for a request about a document, which is about to be sent."""

    def settle(self, key: str, document: str, /, *, left: int = 0, lost: int = 0, perhaps: int = 0) -> None:
        """Book what became of a request without a reply, and what is left reserved for one that came."""

    def put(self, key: str, reply: Reply, document: str, /) -> Future[None]:
        """Keep a reply, paid for a document, in place of its reservation; nobody uses it before the future is done."""

    def release(self, key: str, /) -> None:
        """Let others ask a question that got no reply here."""


class Purse(Protocol):
    """Money that several processes share, in nano-dollars."""

    def covers(self, gone: int, reserved: int, cost: int) -> bool:
        """Whether this process may reserve `cost` beside what it has spent and reserved; False to ask again later.

        BudgetExceeded where that is more than will ever be left.
        """


class Ledger:
    """The money of one process under a cap in US dollars, if there is one. Safe to share between threads.

    `before` counts against the cap: what earlier runs of the same job spent. `out` is what they left reserved for
    requests whose replies are still to be had, and their documents, by their keys. A `purse` is shared with other
    processes.
    """

    def __init__(
        self,
        price: Price | None,
        *,
        cap: float | None = None,
        before: Heads | None = None,
        out: Mapping[str, tuple[int, str]] | None = None,
        book: Book | None = None,
        purse: Purse | None = None,
    ) -> None:
        if cap is not None and not 0 <= cap < math.inf:
            raise UsageError(f"the cap is {cap}: give US dollars, 0 or more")
        if cap is not None and price is None:
            raise UsageError(
                "the price of this model is not known, so a budget cannot be enforced; leave --max-cost out"
            )
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

    def reserve(self, key: str, most: Usage, document: str = "", *, sent: bool = True) -> bool:
        """Set aside the most that a request can cost, before it is sent; False to ask again once others are settled.

        One that still waits with others to be `sent` is written down by `write`: a kill until then costs nothing.
        BudgetExceeded when it would not fit even then.
        """
        cost = self._cost(most)
        with self._lock:
            mine, out = self._out.get(key, (0, ""))[0], sum(each for each, _ in self._out.values())
            fits = 0 < cost <= mine or self._fits(cost, self._spent + out - mine)
            if fits:
                if sent:
                    self.write(key, most, document)
                self._out.pop(key, None)
                self._reserved += cost
            return fits

    def write(self, key: str, most: Usage, document: str) -> None:
        """Write a reservation down, as its request is about to be sent."""
        if self._book:
            self._book.reserve(key, self._cost(most), document)

    def settle(self, request: Request, most: Usage, outcome: Outcome, *, billed: float | None = None) -> None:
        """Replace a reservation by what came of the request; `billed` is the most in US dollars that it can have cost,
        where its reply says that."""
        bound = self._cost(most) if billed is None else min(self._cost(most), nano(billed))
        with self._lock:
            self._reserved -= self._cost(most)
            self._settle(request.key, request.document, self._came_to(request, bound, outcome), outcome)

    def unclaimed(self, outcomes: Mapping[str, Reply | Exception]) -> None:
        """Book what became of requests, by their keys, whose replies were still to be had, and nobody asks for them."""
        for key, outcome in outcomes.items():
            request = Request({})
            reply = counted(outcome, request, self._price) if isinstance(outcome, Reply) else None
            with self._lock:
                most, document = self._out.pop(key, (0, ""))
                self._settle(key, document, self._came_to(request, most, outcome), outcome)
            if self._book and reply:
                self._book.put(key, reply, document)

    def _settle(self, key: str, document: str, sums: tuple[int, int, int], outcome: Outcome | Exception) -> None:
        paid, lost, perhaps = sums
        self._spent += paid + lost + perhaps
        if self._book and (perhaps or not isinstance(outcome, Reply)):
            self._book.settle(key, document, left=paid, lost=lost, perhaps=perhaps)

    def postpone(self, request: Request, most: Usage) -> None:
        """Leave a reservation to whoever asks for the same later: the reply is still to be had."""
        with self._lock:
            self._reserved -= self._cost(most)
            self._out[request.key] = self._cost(most), request.document

    def _fits(self, cost: int, gone: int) -> bool:
        cap = self._cap
        if cap is not None and gone + cost > cap:
            left = max(cap - gone, 0)
            raise BudgetExceeded(
                f"the next request may cost up to {dollars(usd(cost))}, and {dollars(usd(left))} of the budget of"
                f" {dollars(usd(cap))} is left; raise the budget and run the same command to continue"
            )
        within = cap is None or gone + self._reserved + cost <= cap
        return within and (self._purse is None or self._purse.covers(gone, self._reserved, cost))

    def _came_to(self, request: Request, most: int, outcome: Outcome | Exception) -> tuple[int, int, int]:
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
        return nano(self._price.cost(usage)) if self._price else 0


# ---------------------------------------------------------------------- what a request uses, at most and by estimate


def upper_bound(body: Mapping[str, Any], *, exact: bool = False) -> Usage:
    """The most tokens that a request can use; its cost is left to whoever knows the price.

    With `exact`, the texts of messages are counted as the model does where the extra `tokens` is installed. All else
    is bounded by its bytes.
    """
    messages = body.get("messages") or ()
    encode = encoder() if exact else None
    count = (lambda text: len(encode(text))) if encode else _bytes
    rest = {name: value for name, value in body.items() if name not in ("messages", "tools", "functions")}
    prompt = _PER_REQUEST + _written(rest) + sum(_message(message, count) for message in messages)
    for name in ("tools", "functions"):
        # They are rewritten as declarations of types, whose lines are indented, though not as deeply as those of JSON.
        prompt += len(json.dumps(body[name], indent=2)) if body.get(name) else 0
    limits = [limit for name in ("max_completion_tokens", "max_tokens") if (limit := body.get(name))]
    return Usage(min(prompt, _WINDOW), 0, max(limits, default=_WINDOW) * (body.get("n") or 1), None)


def _message(message: Mapping[str, Any], count: Count) -> int:
    content = message.get("content") or ""
    parts: Sequence[Mapping[str, Any]] = [{"type": "text", "text": content}] if isinstance(content, str) else content
    texts = [part.get("text") or "" for part in parts if part.get("type") == "text"]
    others = sum(
        _picture(part["image_url"]["url"]) if part.get("type") == "image_url" else _written(part)
        for part in parts
        if part.get("type") != "text"
    )
    rest = {name: value for name, value in message.items() if name != "content"}
    # Where a deployment joins texts by new lines, the marks of a part outweigh them.
    return count("".join(texts)) + others + _written(rest) + _PER_PART * (len(parts) + 1)


def _picture(url: str) -> int:
    """What a picture costs by its size; the most that any can, where the size cannot be read."""
    _, found, data = url.partition(";base64,")
    try:
        return image_tokens(*image_size(b64decode(data[:_HEADER]))) if found else _LARGEST_PICTURE
    except (UsageError, NotBase64):
        return _LARGEST_PICTURE


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _written(value: Any) -> int:
    """The bytes of a value as JSON, in whichever of its two spellings is the longer one."""
    data = orjson.dumps(value)
    return len(data) if data.isascii() else len(json.dumps(value))


def prompt_tokens(body: Mapping[str, Any]) -> int:
    """An estimate of the tokens of a prompt; a picture counts as one of common size."""
    fields = {name: body[name] for name in ("prompt", "tools") if name in body}
    texts = [orjson.dumps(fields).decode()] if fields else []
    pictures = 0
    for message in body.get("messages") or ():
        content = message.get("content") or ""
        parts = [{"text": content}] if isinstance(content, str) else content
        texts += [part.get("text") or "" for part in parts]
        pictures += sum(part.get("type") == "image_url" for part in parts)
        texts += [orjson.dumps(message["tool_calls"]).decode()] if message.get("tool_calls") else []
        texts.append(message.get("reasoning") or "")
    return count_tokens("\n".join(texts)) + _COMMON_PICTURE * pictures


def counted(reply: Reply, request: Request, price: Price | None) -> Reply:
    """The reply with its usage: what the service told, else an estimate that takes nothing for cached.

    `cost_usd` is None where the price is unknown.
    """
    if reply.usage is not None:
        return reply
    written = "\n".join((reply.reasoning, reply.content, *reply.others, *(call.arguments for call in reply.tool_calls)))
    usage = Usage(prompt_tokens(request.body), 0, count_tokens(written))
    return replace(reply, usage=replace(usage, cost_usd=price.cost(usage) if price else None))
