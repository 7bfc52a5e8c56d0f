"""The emulator as a process of its own: `python -m extractor.emulator --model local --port 0 --announce`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import orjson

from extractor.emulator.backends import choose
from extractor.emulator.faults import parse_rates
from extractor.emulator.server import Emulator
from extractor.errors import ExtractorError

__all__ = ["announce", "open_emulator"]


def open_emulator(
    *,
    model: str | None,
    script: Path | None,
    play: Path | None = None,
    faults: Sequence[str],
    seed: int,
    latency: float,
    window: int | None = None,
    rpm: float | None = None,
    port: int,
) -> Emulator:
    """The emulator that a command line describes, listening and not yet answering."""
    chosen = choose(model, script, play)
    rates = parse_rates(faults)
    return Emulator(
        chosen.responder,
        faults=rates,
        seed=seed,
        latency=latency,
        model=chosen.model,
        window=window or chosen.window,
        rpm=rpm,
        player=chosen.player,
        port=port,
    )


def announce(emulator: Emulator) -> None:
    """Answer until standard input closes, having told where in one JSON line. Ends the process."""
    # An interrupt reaches the whole group of a terminal: the parent decides what it means, and closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with emulator:
        settings = {name: getattr(emulator, name) for name in ("base_url", "account_id", "token", "model", "window")}
        sys.stdout.write(f"{orjson.dumps(settings).decode()}\n")
        sys.stdout.flush()
        sys.stdin.buffer.read()
        # The parent is gone or done with us; an answer that is still being generated is for nobody.
        os._exit(0)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m extractor.emulator", description=__doc__)
    parser.add_argument("--model", help="local, local:NAME or local:PATH.gguf")
    parser.add_argument("--script", type=Path, help="a file of JSON lines, one reply each")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME:RATE")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--latency", type=float, default=0.0, metavar="SECONDS")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--announce", action="store_true", required=True, help="one JSON line says where, and as whom")
    return parser.parse_args()


def _main() -> None:
    settings = _arguments()
    try:
        announce(
            open_emulator(
                model=settings.model,
                script=settings.script,
                faults=settings.fault,
                seed=settings.seed,
                latency=settings.latency,
                port=settings.port,
            )
        )
    except ExtractorError as error:
        sys.stderr.write(f"{error}\n")
        sys.exit(error.exit_code)


if __name__ == "__main__":
    _main()
