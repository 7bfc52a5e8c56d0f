"""One request is sent until a reply comes: what is retried, how often, after which wait, and for how long."""

from __future__ import annotations

from itertools import cycle, repeat

import pytest

from extractor.call.deliver import Step, deliver
from extractor.errors import (
    AccountError,
    BrokenReply,
    BudgetExceeded,
    Busy,
    FormatRefused,
    Rejected,
    ServiceError,
    TooLong,
    TooSlow,
    Unreachable,
    Unreached,
)
from extractor.wire.values import Reply, Request, Usage
from tests.call.kit import Play, reply


class Log:
    """A watch that keeps what it is told."""

    def __init__(self) -> None:
        self.steps: list[object] = []

    def __call__(self, step: Step, outcome: Reply | ServiceError | None, seconds: float) -> None:
        match step, outcome:
            case "reply", Reply():
                self.steps.append((outcome.content, round(seconds, 6)))
            case "wait", _:
                self.steps.append((str(outcome), round(seconds, 6)))
            case "failure", _:
                self.steps.append(type(outcome).__name__)
            case _:
                self.steps.append(step)


def _deliver(play: Play, *, attempts: int = 4, seconds: float = 1000.0, watch: Log | None = None) -> Reply:
    return play.run(deliver(Request({"x": 1}), attempts=attempts, seconds=seconds, watch=watch or Log()))


@pytest.mark.parametrize("error", [Unreachable("gone"), Busy("full"), BrokenReply("half")])
def test_passing_failures_are_outlived(error: ServiceError) -> None:
    """No connection, no capacity and half a reply are asked again."""
    play = Play([error, error, reply("yes")])
    assert _deliver(play).content == "yes"
    assert len(play.sent) == 3
    assert len(play.waits) == 2


@pytest.mark.parametrize(
    "error",
    [
        TooSlow("120 s"),
        TooLong("window"),
        FormatRefused("no"),
        Rejected("bad"),
        AccountError("token"),
        BudgetExceeded("cap"),
    ],
)
def test_lasting_failures_are_raised_at_once(error: ServiceError) -> None:
    """What the same request would meet again is never sent again."""
    play = Play([error])
    with pytest.raises(type(error)):
        _deliver(play)
    assert len(play.sent) == 1
    assert play.waits == []


def test_attempts_are_bounded_and_the_last_failure_is_raised_unchanged() -> None:
    """After the last attempt its own error is raised, not one about retrying."""
    errors = [Busy(f"full {number}") for number in range(4)]
    play = Play(errors)
    with pytest.raises(Busy) as raised:
        _deliver(play, attempts=4)
    assert raised.value is errors[-1]
    assert len(play.sent) == 4


@pytest.mark.parametrize(
    ("error", "sends"),
    [
        (Unreached("nowhere"), 4),
        (Unreachable("gone"), 6),
        (Busy("broken", code=8005), 6),
        (BrokenReply("a web page"), 6),
        (BrokenReply("no choices", usage=Usage(1000, 0, 0)), 6),
        (Busy("full"), 40),
    ],
)
def test_what_lasts_is_given_up_sooner(error: ServiceError, sends: int) -> None:
    """A host that is not there, an engine that breaks and replies that are none, which may cost money, tell by their
    number that they will not pass; capacity does pass."""
    play = Play(repeat(error))
    with pytest.raises(type(error)):
        _deliver(play, attempts=40, seconds=1e9)
    assert len(play.sent) == sends


def test_failures_that_may_be_paid_for_have_a_bound_of_their_own() -> None:
    """However they are mixed with others, no more than six failures of one request may have cost money."""
    mixed = cycle(
        [BrokenReply("half"), Busy("full"), Busy("full"), Busy("cut", usage=Usage(9, 0, 9)), Unreachable("x")]
    )
    play = Play(mixed)
    with pytest.raises(ServiceError):
        _deliver(play, attempts=1000, seconds=1e9)
    assert len(play.sent) == 10


def test_waits_are_jittered_under_a_doubling_ceiling() -> None:
    """The n-th wait lies between 0 and half a second doubled n - 1 times, and never over 30 s."""
    play = Play(repeat(Busy("full")))
    with pytest.raises(Busy):
        _deliver(play, attempts=12, seconds=1e9)
    ceilings = [min(30.0, 0.5 * 2**number) for number in range(11)]
    assert all(0 <= wait <= ceiling for wait, ceiling in zip(play.waits, ceilings, strict=True))
    assert len(set(play.waits)) == len(play.waits)


def test_retry_after_is_honoured() -> None:
    """No attempt begins sooner than the service asked for."""
    play = Play([Busy("full", retry_after=20.0), reply("yes")])
    _deliver(play)
    assert 20.0 <= play.waits[0] <= 20.5


def test_no_attempt_begins_after_the_time_is_up() -> None:
    """A wait that would pass the deadline is not begun: the failure is raised while there is still time."""
    play = Play(repeat(Busy("full", retry_after=7.0)), pace=1.0)
    with pytest.raises(Busy):
        _deliver(play, attempts=100, seconds=30.0)
    assert play.now <= 30.0
    assert len(play.sent) == 4


def test_time_counts_from_the_drivers_clock() -> None:
    """Slow failures use up the time as well as waits do."""
    play = Play(repeat(Unreachable("slow")), pace=50.0)
    with pytest.raises(Unreachable):
        _deliver(play, attempts=100, seconds=120.0)
    assert len(play.sent) == 3


def test_each_step_is_told() -> None:
    """The watch hears of every send and failure, of each wait with its reason, and of the reply with its time."""
    watch, play = Log(), Play([Busy("full"), reply("yes")], pace=2.5)
    _deliver(play, watch=watch)
    assert watch.steps == ["send", "Busy", ("full", round(play.waits[0], 6)), "send", ("yes", 2.5)]
