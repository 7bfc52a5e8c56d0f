"""What the service says it counted, against what was estimated: a correction learnt as a run goes."""

from __future__ import annotations

from collections import deque
from threading import Lock

__all__ = ["Calibration"]

_REMEMBERED = 64  # replies
_ENOUGH = 16  # replies before the estimate may be lowered
_TELLING = 200  # tokens under which a ratio says little
_LOWEST, _HIGHEST = 0.8, 1.5


class Calibration:
    """A factor on estimates, shared by threads: the worst ratio of actual to estimated tokens among recent replies.

    One reply that cost more than estimated raises it at once. It falls below 1 only once many replies agree, and stays
    between 0.8 and 1.5, so that no odd figure of the service can derail a plan.
    """

    def __init__(self) -> None:
        self._ratios: deque[float] = deque(maxlen=_REMEMBERED)
        self._lock = Lock()

    def learn(self, *, estimated: int, actual: int) -> None:
        """Take in one reply's count of prompt tokens beside the estimate for the same prompt."""
        if estimated >= _TELLING and actual > 0:
            with self._lock:
                self._ratios.append(actual / estimated)

    @property
    def factor(self) -> float:
        """What to multiply an estimate by."""
        with self._lock:
            worst = max(self._ratios, default=1.0)
            floor = _LOWEST if len(self._ratios) >= _ENOUGH else 1.0
        return min(_HIGHEST, max(floor, worst))

    def tokens(self, estimated: int) -> int:
        """The estimate, corrected and rounded up."""
        return -int(-estimated * self.factor // 1)
