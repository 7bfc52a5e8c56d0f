"""The correction that a run learns from the usage of its replies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from extractor.documents.calibration import Calibration


def test_nothing_learnt_changes_nothing() -> None:
    """An estimate stands until a reply speaks against it."""
    assert Calibration().tokens(1234) == 1234


def test_one_reply_that_cost_more_raises_the_estimate() -> None:
    """To be safer takes no more evidence than one reply."""
    calibration = Calibration()
    calibration.learn(estimated=1000, actual=1100)
    assert calibration.factor == 1.1
    assert calibration.tokens(1000) == 1100
    assert calibration.tokens(1001) == 1102


def test_it_takes_many_replies_to_lower_the_estimate() -> None:
    """To be bolder takes sixteen replies that agree, and the worst of them decides."""
    calibration = Calibration()
    for _ in range(15):
        calibration.learn(estimated=1000, actual=900)
    assert calibration.factor == 1.0
    calibration.learn(estimated=1000, actual=950)
    assert calibration.factor == 0.95


def test_the_factor_is_bounded() -> None:
    """No odd figure of the service moves an estimate past its bounds."""
    calibration = Calibration()
    for _ in range(64):
        calibration.learn(estimated=1000, actual=1)
    assert calibration.factor == 0.8
    calibration.learn(estimated=1000, actual=10**9)
    assert calibration.factor == 1.5


def test_old_replies_are_forgotten() -> None:
    """One outlier does not weigh on a long run for ever."""
    calibration = Calibration()
    calibration.learn(estimated=1000, actual=1400)
    for _ in range(64):
        calibration.learn(estimated=1000, actual=1000)
    assert calibration.factor == 1.0


def test_short_prompts_and_missing_counts_teach_nothing() -> None:
    """A ratio of small numbers is noise, and no count is no evidence."""
    calibration = Calibration()
    calibration.learn(estimated=199, actual=400)
    calibration.learn(estimated=1000, actual=0)
    assert calibration.factor == 1.0


def test_threads_may_share_it() -> None:
    """Learning and asking from many threads at once loses nothing and breaks nothing."""
    calibration = Calibration()

    def work(number: int) -> float:
        calibration.learn(estimated=1000, actual=1000 + number)
        return calibration.factor

    with ThreadPoolExecutor(8) as pool:
        assert all(1.0 <= factor <= 1.063 for factor in pool.map(work, range(64)))
    assert calibration.factor == 1.063
