"""A run over a folder of many formats that is killed fifty times, and goes on each time under one cap.

    python -m benchmarks.kills [KILLS] [SIGNAL]

The emulator keeps books of its own in this process; each run is a process of its own. A first part of the runs has a
cap that is too low to finish, the others one that is enough; the last fifth of the kills falls into runs of a folder
that is finished, which only publish. After each kill it is checked that every file is whole, that no document is
written twice or wrong, that no answer in the journal was asked for again, and that the service billed no more than the
cap. Prints what became of the documents and of the money.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from extractor.emulator.server import Emulator
from tests.pipeline.killing import CONCURRENCY, Killed, begin, letters_of, moments

LOW, ENOUGH = 0.12, 3.0  # US dollars


def main(kills: int = 50, name: str = "SIGKILL") -> None:
    """Kill, finish, and print the sums."""
    number, began = signal.Signals[name], time.monotonic()
    with TemporaryDirectory() as home, Emulator(letters_of, latency=0.03) as emulator:
        os.environ["XDG_CACHE_HOME"] = f"{home}/cache"
        runs = begin(Path(home), emulator, documents=14 + 2 * kills, parts=10, cap=LOW)
        schedule = moments(kills)
        publishing = kills // 5
        for moment in islice(schedule, kills // 5):
            runs.stop(number, **moment)
        stopped = runs.finish()[0]
        spent = emulator.usage.cost_usd or 0.0
        print(f"a cap of ${LOW}: exit {stopped} (3 is the budget), ${spent:.4f} billed")
        runs.cap = ENOUGH
        for moment in islice(schedule, kills - kills // 5 - publishing):
            runs.stop(number, **moment)
        _finished(runs)
        for step in range(publishing):
            runs.stop(number, seconds=0.6 + 0.8 * step / publishing)
            assert {row["document"]: row["value"] for row in runs.rows()} == runs.values
        _finished(runs)
        show(runs, time.monotonic() - began)


def _finished(runs: Killed) -> None:
    code, output = runs.finish()
    assert code == 0, output
    runs.check_end()


def show(runs: Killed, seconds: float) -> None:
    ledger = json.loads((runs.out / "run.json").read_text("utf-8"))["ledger"]
    rows, billed = runs.rows(), runs.emulator.usage.cost_usd or 0.0
    print(f"{sum(runs.stops.values())} stops in {seconds:.0f} s: {dict(runs.stops)}; {runs.looks} looks at every file")
    print(f"{len(runs.values)} documents: {len(runs.values.keys() - {row['document'] for row in rows})} lost,", end=" ")
    print(f"{len(rows) - len({row['document'] for row in rows})} doubled")
    print(f"{runs.emulator.served} answers billed, {runs.paid_twice()} of them again, as they were in flight", end=" ")
    print(f"({CONCURRENCY} requests are in flight at most)")
    print(f"${billed:.4f} billed of ${ENOUGH}; the ledger: ${ledger['spent_usd']:.4f} paid", end=" ")
    print(f"and at most ${ledger['perhaps_usd']:.4f} more")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]), *sys.argv[2:3])
