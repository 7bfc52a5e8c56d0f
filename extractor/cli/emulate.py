"""`extractor emulate`: the Workers AI contract on loopback, answered by a script or by the embedded model."""

from __future__ import annotations

import contextlib
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli.signals import stopped_politely

if TYPE_CHECKING:
    from extractor.emulator.server import Emulator

__all__ = ["emulate"]


def emulate(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port on 127.0.0.1; 0 takes a free one.")] = 8787,
    model: Annotated[str | None, typer.Option(help="Answer with local, local:NAME or local:PATH.gguf.")] = None,
    script: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            readable=False,
            help='Answer from a file of JSON lines: {"contains": "text", "reply": {...}}.',
        ),
    ] = None,
    play: Annotated[
        Path | None,
        typer.Option(metavar="FILE", readable=False, help="Replay what `extractor doctor --record FILE` wrote."),
    ] = None,
    fault: Annotated[
        list[str] | None,
        typer.Option(metavar="KIND:RATE", help="A fault and its rate, such as busy:0.1; `--fault list` lists them."),
    ] = None,
    seed: Annotated[int, typer.Option(help="The same seed draws the same faults.")] = 0,
    latency: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="Time before each answer.")] = 0.0,
    window: Annotated[
        int | None, typer.Option(min=1, metavar="TOKENS", help="The most tokens of prompt and answer together.")
    ] = None,
    rpm: Annotated[
        float | None,
        typer.Option(min=1, metavar="N", help="Requests a minute that are accepted; any number by default."),
    ] = None,
    announce: Annotated[bool, typer.Option("--announce", hidden=True)] = False,
) -> None:
    """Serve the Workers AI contract on loopback, faults included."""
    from extractor.emulator.backends import choose
    from extractor.emulator.faults import parse_rates
    from extractor.emulator.server import Emulator

    if "list" in (fault or ()):
        _show_faults()
        return
    chosen, rates = choose(model, script, play), parse_rates(fault or ())
    emulator = Emulator(
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
    if announce:
        _serve_parent(emulator)
    _tell(emulator)
    with contextlib.suppress(KeyboardInterrupt), stopped_politely():
        emulator.serve()


def _serve_parent(emulator: Emulator) -> None:
    """Say where, and as whom, in one JSON line, and answer until standard input closes. Ends the process."""
    import os
    import signal

    import orjson

    # An interrupt reaches the whole group of a terminal: the parent decides what it means, and closes our input.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with emulator:
        settings = {name: getattr(emulator, name) for name in ("base_url", "account_id", "token", "model", "window")}
        typer.echo(orjson.dumps(settings).decode())
        typer.get_binary_stream("stdin").read()
        # The parent is gone or done with us; an answer that is still being generated is for nobody.
        os._exit(0)


def _tell(emulator: Emulator) -> None:
    typer.echo(f"answering as {emulator.model}; stop with Ctrl-C. In another terminal:\n")
    typer.echo(f"export EXTRACTOR_BASE_URL={emulator.base_url}")
    typer.echo(f"export CLOUDFLARE_ACCOUNT_ID={emulator.account_id}")
    typer.echo(f"export CLOUDFLARE_AUTH_TOKEN={emulator.token}")


def _show_faults() -> None:
    from extractor.emulator.faults import FAULTS

    typer.echo("all                    any fault that is neither final nor slow; they share the rate")
    for where, faults in groupby(FAULTS.values(), key=lambda fault: fault.where):
        typer.echo(f"\n{where:<22} any of these")
        for fault in faults:
            note = "; final: asking once more does not help" if fault.final else "; slow" if fault.slow else ""
            typer.echo(f"{fault.name:<22} {fault.sentence.removesuffix('.')}{note}")
