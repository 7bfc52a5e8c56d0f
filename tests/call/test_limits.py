"""The limits are never passed, whoever asks and however many at once; and they let through all that fits."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractor.call.limits import Claim, Limits
from extractor.errors import BrokenReply, Busy, Rejected, Unanswered, Unreachable
from extractor.wire.requests import Rate
from extractor.wire.values import Reply, Request, Usage


def _request(prompt: str = "", tokens: int = 10) -> Request:
    return Request({"messages": [{"role": "user", "content": prompt}], "max_completion_tokens": tokens})


def _claims(limits: Limits, now: float, count: int) -> list[float]:
    return [limits.admit(limits.claim(_request()), now) for _ in range(count)]


def test_in_flight_is_bounded_until_one_is_settled() -> None:
    """With two out, a third waits for a settlement, not for a time."""
    limits = Limits(in_flight=2)
    first = limits.claim(_request())
    assert limits.admit(first, 0) == 0
    assert _claims(limits, 0, 2) == [0, math.inf]
    limits.settle(first, 1, Reply("yes"))
    assert _claims(limits, 1, 2) == [0, math.inf]


def test_requests_per_minute_hold_in_every_window() -> None:
    """The fourth request within a minute waits until the first is a minute old."""
    limits = Limits(requests_per_minute=3)
    assert [limits.admit(limits.claim(_request()), now) for now in (0, 10, 20, 30)] == [0, 0, 0, 30]
    assert [limits.admit(limits.claim(_request()), now) for now in (60, 61)] == [0, 9]


@given(st.lists(st.floats(0, 30), min_size=1, max_size=60), st.integers(1, 10))
def test_no_minute_ever_holds_more_than_its_limit(gaps: list[float], limit: int) -> None:
    """Whatever the times at which requests come, 60 seconds never see more than the limit begun."""
    limits, now, begun = Limits(requests_per_minute=limit, in_flight=1000), 0.0, []
    for gap in gaps:
        now += gap
        claim = limits.claim(_request())
        while seconds := limits.admit(claim, now):
            now += seconds
        begun.append(now)
    assert all(sum(at < other < at + 60 - 1e-6 for other in begun) + begun.count(at) <= limit for at in begun)


def test_tokens_per_minute_are_corrected_by_what_was_used() -> None:
    """A request holds its upper bound until its usage is known, then only what it used."""
    limits = Limits(tokens_per_minute=150)
    first = limits.claim(_request(tokens=100))
    assert limits.admit(first, 0) == 0
    assert limits.admit(limits.claim(_request(tokens=100)), 0) == 60
    limits.settle(first, 1, Reply("yes", usage=Usage(5, 0, 5)))
    assert limits.admit(limits.claim(_request(tokens=100)), 1) == 0


def test_one_larger_than_the_limit_goes_alone() -> None:
    """A request that no minute can hold waits for an empty one in place of forever."""
    limits = Limits(tokens_per_minute=50)
    assert limits.admit(limits.claim(_request(tokens=900)), 0) == 0
    assert limits.admit(limits.claim(_request(tokens=900)), 1) == 59
    assert limits.admit(limits.claim(_request(tokens=900)), 60) == 0


def test_a_full_service_halves_what_is_in_flight_once_a_round() -> None:
    """All refusals of one round halve once; replies let it grow back, slowly, and never past where it began."""
    limits = Limits(in_flight=16)
    out = [limits.claim(_request()) for _ in range(16)]
    for claim in out:
        limits.admit(claim, 0)
    for claim in out[:8]:
        limits.settle(claim, 1, Busy("full", status=429, code=3040))
    assert limits.in_flight == 8
    for claim in out[8:]:
        limits.settle(claim, 2, Reply("yes"))
    assert limits.in_flight == 8
    for _ in range(400):
        claim = limits.claim(_request())
        limits.admit(claim, 3)
        limits.settle(claim, 3, Reply("yes"))
    assert limits.in_flight == 16


def test_a_passing_fault_is_not_a_full_service() -> None:
    """An internal error says nothing of capacity, so nothing is slowed down for it."""
    limits = Limits(in_flight=16)
    claim = limits.claim(_request())
    limits.admit(claim, 0)
    limits.settle(claim, 1, Busy("internal", status=500, code=3043))
    assert limits.in_flight == 16


def test_retry_after_holds_everybody_back() -> None:
    """What the service said to one request is heeded by all."""
    limits = Limits()
    claim = limits.claim(_request())
    limits.admit(claim, 0)
    limits.settle(claim, 1, Busy("rate", status=429, retry_after=20))
    assert limits.admit(limits.claim(_request()), 5) == 16


def test_nobody_waits_longer_than_anybody_would_ask() -> None:
    """A Retry-After beyond the patience holds nobody back: each hears the refusal for itself, and at once."""
    limits = Limits(patience=900)
    for seconds, wait in ((10_000, 0), (900, 896)):
        claim = limits.claim(_request())
        limits.admit(claim, 0)
        limits.settle(claim, 1, Busy("rate", status=429, retry_after=seconds))
        assert limits.admit(limits.claim(_request()), 5) == wait


def _waiting(limits: Limits, ranks: Mapping[str, int]) -> tuple[dict[str, Claim], list[str]]:
    """Claims that must wait, by name, and the names that are woken from now on."""
    woken: list[str] = []
    claims = {name: limits.claim(replace(_request(), rank=rank)) for name, rank in ranks.items()}
    for name, claim in claims.items():
        assert limits.admit(claim, 2, lambda name=name: woken.append(name)) > 0  # type: ignore[misc]
    return claims, woken


def _full(in_flight: int) -> tuple[Limits, list[Claim]]:
    """Limits with every place taken, and the claims that hold them."""
    limits = Limits(in_flight=in_flight)
    claims = [limits.claim(_request()) for _ in range(in_flight)]
    assert [limits.admit(claim, 0) for claim in claims] == [0] * in_flight
    return limits, claims


@pytest.mark.parametrize(
    ("ranks", "order"),
    [
        ({"a": 0, "b": 0, "c": 0}, ["a", "b", "c"]),
        ({"a": 3, "b": 1, "c": 2}, ["b", "c", "a"]),
        ({"a": 1, "b": 0, "c": 1, "d": 0}, ["b", "d", "a", "c"]),
    ],
)
def test_the_lowest_rank_goes_first(ranks: Mapping[str, int], order: list[str]) -> None:
    """Whatever waits goes by rank, and in the order of coming among equals; each settlement wakes the next."""
    limits, (out,) = _full(1)
    claims, woken = _waiting(limits, ranks)
    for name in order:
        limits.settle(out, 3, Reply("yes"))
        assert woken.pop() == name
        out = claims[name]
        assert limits.admit(out, 3) == 0
        woken.clear()  # who is admitted lets the next one look for a place of its own


def test_nobody_passes_those_who_wait() -> None:
    """A place that is free for a moment is for the first in the queue, not for who comes by; a lower rank may pass."""
    limits, (out,) = _full(1)
    claims, _ = _waiting(limits, {"a": 1})
    limits.settle(out, 3, Reply("yes"))
    assert limits.admit(limits.claim(replace(_request(), rank=1)), 3) == math.inf
    assert limits.admit(limits.claim(replace(_request(), rank=0)), 3) == 0
    assert limits.admit(claims["a"], 3) == math.inf


def test_only_the_first_watches_the_clock() -> None:
    """Where a minute is full the first is told how long, all others to wait for it; it wakes the next as it goes."""
    limits = Limits(requests_per_minute=2)
    assert _claims(limits, 0, 2) == [0, 0]
    first, second = (limits.claim(_request()) for _ in range(2))
    woken: list[str] = []
    assert limits.admit(first, 10, lambda: woken.append("first")) == 50
    assert limits.admit(second, 10, lambda: woken.append("second")) == math.inf
    assert limits.admit(first, 60) == 0
    assert woken == ["second"]
    assert limits.admit(second, 60) == 0


def test_a_place_in_the_queue_is_not_lost_with_who_gave_up() -> None:
    """The first that leaves wakes the next; another that leaves wakes nobody."""
    limits, (out,) = _full(1)
    claims, woken = _waiting(limits, dict.fromkeys("abcd", 0))
    limits.settle(out, 3, None)
    limits.leave(claims["b"])
    limits.leave(claims["a"])
    assert woken == ["a", "c"]


def test_every_free_place_is_filled() -> None:
    """Where the limit has grown back more than one may go: each that is admitted wakes the next."""
    limits, claims = _full(4)
    limits.settle(claims[0], 1, Busy("full", code=3040, status=429))
    waiting, woken = _waiting(limits, dict.fromkeys("abcdef", 0))
    for claim in claims[1:]:
        limits.settle(claim, 2, Reply("yes"))
    assert limits.in_flight == 3
    woken.clear()
    assert [limits.admit(waiting[name], 3) for name in "abcdef"] == [0] * 3 + [math.inf] * 3
    assert woken == ["b", "c", "d"]


@given(st.lists(st.tuples(st.sampled_from(["come", "go", "leave", "refuse"]), st.integers(0, 9)), max_size=80))
def test_nobody_is_forgotten(steps: list[tuple[str, int]]) -> None:
    """Whatever comes, goes, leaves or is refused: once all that is out has been settled, everybody has been sent."""
    limits = Limits(in_flight=3)
    woken: deque[Claim] = deque()
    waiting: dict[int, Claim] = {}
    out: list[Claim] = []

    def ask(claim: Claim, now: float) -> None:
        if limits.admit(claim, now, lambda: woken.append(claim)) == 0:
            out.append(claim)
        else:
            waiting[id(claim)] = claim

    def retry_woken(now: float) -> None:
        while woken:
            claim = woken.popleft()
            if waiting.pop(id(claim), None):
                ask(claim, now)

    for now, (step, number) in enumerate(steps):
        if step == "come":
            ask(limits.claim(replace(_request(), rank=number)), now)
        elif step == "leave" and waiting:
            limits.leave(waiting.pop(list(waiting)[number % len(waiting)]))
        elif out and step in ("go", "refuse"):
            outcome = Reply("yes") if step == "go" else Busy("full", code=3040, status=429)
            limits.settle(out.pop(number % len(out)), now, outcome)
        if number % 2:
            retry_woken(now)
    while out:
        retry_woken(100)
        limits.settle(out.pop(), 100, Reply("yes"))
        retry_woken(100)
    assert waiting == {}


def _unanswered(limits: Limits, at: list[tuple[float, float]], **more: bool) -> None:
    """Requests that are admitted at the first times, and end without an answer at the second ones."""
    claims = [limits.claim(_request()) for _ in at]
    for claim, (begun, _) in zip(claims, at, strict=True):
        assert limits.admit(claim, begun) == 0
    for claim, (_, ended) in zip(claims, at, strict=True):
        limits.settle(claim, ended, Unreachable("no reply", **more))


def test_a_silent_server_ends_the_run() -> None:
    """Once all that may be in flight timed out nothing more is sent, however many others wait."""
    limits = Limits(in_flight=8, seconds=180)
    _unanswered(limits, [(0, 180)] * 7)
    assert limits.admit(limits.claim(_request()), 180) == 0
    _unanswered(limits, [(180, 190)])
    with pytest.raises(Unanswered, match="does not answer: the last 8 requests came to nothing within 190 s"):
        limits.admit(limits.claim(_request()), 190)


def test_few_in_flight_are_not_enough_to_tell() -> None:
    """One request after the other: the fourth decides."""
    limits = Limits(in_flight=1, seconds=180)
    for at in (0, 180, 360):
        _unanswered(limits, [(at, at + 180)])
    _unanswered(limits, [(540, 720)])
    with pytest.raises(Unanswered):
        limits.admit(limits.claim(_request()), 720)


def test_a_short_outage_is_sat_out() -> None:
    """A network that is gone for a few seconds breaks everything in flight, and costs no run."""
    limits = Limits(in_flight=16, seconds=180)
    for at in range(0, 29, 4):
        _unanswered(limits, [(at, at + 1)] * 16, billable=False)
    limits.admit(limits.claim(_request()), 29)


@pytest.mark.parametrize("error", [Unreachable("broke"), BrokenReply("half")])
def test_what_may_be_billed_for_nothing_is_bounded_by_number(error: Unreachable | BrokenReply) -> None:
    """What breaks after the question went out may be billed: four rounds of it are enough, refusals between or not."""
    limits = Limits(in_flight=4, seconds=180)
    for at in range(16):
        for outcome in (Rejected("no"), error):
            claim = limits.claim(_request())
            assert limits.admit(claim, at) == 0
            limits.settle(claim, at + 0.1, outcome)
    with pytest.raises(Unanswered, match="the last 16 requests broke, and may all be billed"):
        limits.admit(limits.claim(_request()), 17)


def test_a_reply_between_breaks_is_enough() -> None:
    """One in twenty is no dead server."""
    limits = Limits(in_flight=4, seconds=180)
    for at in range(60):
        claim = limits.claim(_request())
        limits.admit(claim, at)
        limits.settle(claim, at, BrokenReply("half") if at % 15 else Reply("yes"))
    assert limits.admit(limits.claim(_request()), 60) == 0


@pytest.mark.parametrize("answer", [Reply("yes"), Busy("full", status=503), Rejected("no")])
def test_any_answer_is_a_sign_of_life(answer: Reply | Rejected) -> None:
    """A refusal is one as well."""
    limits = Limits(in_flight=8, seconds=180)
    claim = limits.claim(_request())
    limits.admit(claim, 0)
    _unanswered(limits, [(0, 180)] * 7)
    limits.settle(claim, 181, answer)
    _unanswered(limits, [(181, 361)] * 3)
    assert limits.admit(limits.claim(_request()), 361) == 0


def test_a_service_that_only_refuses_ends_the_run() -> None:
    """Once no reply was had for as long as one question may take, the next question would fare no better."""
    limits = Limits(in_flight=4, seconds=180, patience=900)
    for at in (0, 300, 600, 890):
        _refused(limits, at)
    _refused(limits, 901)
    with pytest.raises(Unanswered, match="does not answer: the service is too busy, and has given no reply for 901 s"):
        limits.admit(limits.claim(_request()), 902)


def test_a_reply_between_refusals_is_enough() -> None:
    """A service that is full most of the time is waited for."""
    limits = Limits(in_flight=4, seconds=180, patience=900)
    for at in range(0, 9000, 300):
        _refused(limits, at)
        claim = limits.claim(_request())
        assert limits.admit(claim, at + 1) == 0
        limits.settle(claim, at + 2, Reply("yes"))
    assert limits.admit(limits.claim(_request()), 9001) == 0


def _refused(limits: Limits, at: float) -> None:
    claim = limits.claim(_request())
    assert limits.admit(claim, at) == 0
    limits.settle(claim, at, Busy("full", status=503))


def test_a_later_call_finds_out_whether_anybody_answers() -> None:
    """Half a minute on, one may try; where that fails too, the others are stopped at once."""
    limits = Limits(in_flight=4, seconds=10)
    _unanswered(limits, [(0, 10)] * 4)
    with pytest.raises(Unanswered):
        limits.admit(limits.claim(_request()), 39)
    _unanswered(limits, [(40, 50)])
    with pytest.raises(Unanswered):
        limits.admit(limits.claim(_request()), 50)


def _until_sent(limits: Limits, now: float) -> tuple[Claim, float]:
    """A claim once it is admitted, and when that was."""
    claim = limits.claim(_request())
    while seconds := limits.admit(claim, now):
        now += seconds
    return claim, now


def test_the_rate_begins_where_the_service_is_known_to_be() -> None:
    """Without a limit of a person's own the known one holds, until replies tell another, up or down."""
    limits = Limits(known_rate=2)
    assert _claims(limits, 0, 3) == [0, 0, 61]
    limits.learn(Rate(per_minute=4), 0)
    assert _claims(limits, 0, 3) == [0, 0, 61]
    limits.learn(Rate(per_minute=1), 61)
    assert _claims(limits, 61, 2) == [0, 61]


def test_a_limit_that_a_person_set_is_never_passed() -> None:
    """What replies tell lowers it, and never raises it."""
    limits = Limits(requests_per_minute=2, known_rate=20)
    limits.learn(Rate(per_minute=50), 0)
    assert _claims(limits, 0, 3) == [0, 0, 60]
    limits.learn(Rate(per_minute=1), 60)
    assert _claims(limits, 60, 2) == [0, 60]


def test_none_left_holds_everybody_back() -> None:
    """A reply that says none are left for so many seconds is believed before any refusal."""
    limits = Limits()
    limits.learn(Rate(left=0, seconds=7.0), 0)
    assert _claims(limits, 0, 1) == [7]
    limits.learn(Rate(left=3, seconds=7.0), 7)
    assert _claims(limits, 7, 1) == [0]


def test_a_refusal_tells_the_rate_and_time_forgives_it() -> None:
    """What got through within the minute is the limit from then on; without another refusal it grows back."""
    limits = Limits(in_flight=100, known_rate=12)
    claims = [_until_sent(limits, 0)[0] for _ in range(12)]
    for claim in claims[:8]:
        limits.settle(claim, 1, Reply("yes"))
    for claim in claims[8:]:
        limits.settle(claim, 1, Busy("too many", status=429))
    assert _until_sent(limits, 1)[1] == 61
    begun = []
    now = 61.0
    for _ in range(60):
        claim, now = _until_sent(limits, now)
        limits.settle(claim, now, Reply("yes"))
        begun.append(now)
    assert [sum(61 * n <= at < 61 * (n + 1) for at in begun) for n in (1, 2, 3)] == [10, 12, 12]


def test_a_refusal_far_below_the_limit_is_noise() -> None:
    """A refusal now and then, where little was sent, says nothing of requests a minute; one after another does."""
    limits = Limits(in_flight=100, known_rate=20)
    for answered in (True, True, True, False, True):
        claim, _ = _until_sent(limits, 0)
        limits.settle(claim, 0, Reply("yes") if answered else Busy("too many", status=429))
    assert _claims(limits, 0, 16) == [0] * 16
    limits = Limits(in_flight=100, known_rate=20)
    for _ in range(3):
        claim, _ = _until_sent(limits, 0)
        limits.settle(claim, 0, Busy("too many", status=429))
    assert _claims(limits, 0, 2) == [0, 61]


@pytest.mark.parametrize("outcome", [Busy("full", code=3040, status=429), Busy("wait", status=429, retry_after=1.0)])
def test_capacity_is_no_rate(outcome: Busy) -> None:
    """No capacity, and a wait that is named, say nothing of requests a minute."""
    limits = Limits(in_flight=100)
    for _ in range(4):
        claim, now = _until_sent(limits, 0)
        limits.settle(claim, now, outcome)
    assert _claims(limits, 5, 4).count(0) > 1


def test_no_capacity_is_known_by_its_code() -> None:
    """The code for no capacity halves what is in flight, whatever status it comes with."""
    limits = Limits(in_flight=8)
    claim = limits.claim(_request())
    limits.admit(claim, 0)
    limits.settle(claim, 1, Busy("full", code=3040, status=200))
    assert limits.in_flight == 4
