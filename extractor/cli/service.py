"""`extractor doctor`, `emulate` and `local`: the service, and what stands in for it on this machine."""

from __future__ import annotations

import contextlib
import sys
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli.help import App, one_line
from extractor.cli.options import BaseUrl, Json, Model
from extractor.cli.signals import stopped_politely

if TYPE_CHECKING:
    from extractor.call.doctor import Finding
    from extractor.call.endpoint import Endpoint
    from extractor.emulator.server import Emulator

__all__ = ["doctor", "emulate", "local"]

_SHOWN = ("check", "expected", "came", "ok", "remedy", "facts")
_MARKS = {True: "ok", None: "--", False: "!!"}


def doctor(
    model: Model = None,
    base_url: BaseUrl = None,
    max_cost: Annotated[
        float, typer.Option("--max-cost", min=0, metavar="USD", help="A hard cap on the cost of the checks.")
    ] = 0.25,
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", readable=False, help="Write the exchanges, without secrets, for `extractor emulate --play`."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Check the service, in some twenty small requests.

    Reports where the deployment of this account differs from what is documented. Later runs use the findings for two
    weeks. Exit code 1 if something differs.
    """
    import orjson

    from extractor.call.doctor import Probe, examine, facts_of
    from extractor.call.endpoint import resolve_endpoint
    from extractor.call.facts import remember
    from extractor.call.recorder import recorded
    from extractor.wire.prices import dollars

    with stopped_politely(), contextlib.closing(resolve_endpoint(model, base_url)) as endpoint:
        _announce(endpoint, max_cost)
        with Probe(endpoint, max_cost=max_cost) as probe:
            try:
                findings = examine(probe, seen=(lambda finding: None) if json else _show)
            finally:
                if record is not None:
                    record.write_bytes(b"".join(recorded(probe.exchanges)))
        remember(endpoint, facts_of(findings))
    cost, differ = probe.usage.cost_usd, sum(finding.ok is False for finding in findings)
    if json:
        rows = [{name: getattr(finding, name) for name in _SHOWN} for finding in findings]
        typer.echo(orjson.dumps({"findings": rows, "cost_usd": cost}, option=orjson.OPT_INDENT_2).decode())
    else:
        paid = "at a cost that is not known" if cost is None else f"{dollars(cost)} paid"
        typer.echo(f"\n{len(findings)} checks, {differ} of them other than documented, {paid}")
    raise typer.Exit(1 if differ else 0)


def _announce(endpoint: Endpoint, max_cost: float) -> None:
    from extractor.call.doctor import most_usd
    from extractor.wire.prices import dollars

    most = most_usd(endpoint)
    unknown = "at a price that is not known, so that no cap holds"
    cost = unknown if most is None else f"for {dollars(most)} at the most (cap: {dollars(max_cost)})"
    typer.echo(f"{endpoint.model}: some twenty small requests {cost}", err=True)


def _show(finding: Finding) -> None:
    typer.echo(f"{_MARKS[finding.ok]}  {finding.check}")
    lines = {"expected": finding.expected, "came": finding.came, "remedy": finding.remedy}
    for name, text in lines.items():
        if text:
            typer.echo(f"      {name:<9} {one_line(text)}")


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


local = App(help="List and download embedded models.")


def list_models() -> None:
    """List the embedded models, the best first."""
    from extractor.local.catalog import MODELS, cache_folder

    for model in MODELS:
        here = "here" if model.is_here else "not here"
        sizes = f"{model.size / 1e6:6,.0f} MB on disk, {model.memory / 1e9:4.2f} GB in memory"
        typer.echo(f"{model.name:<20} {sizes}  {here:<8}  {model.title}, Apache-2.0")
    typer.echo(f"in {cache_folder()}")


def pull(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A name from the list, or `local` for the best that fits in memory.")
    ],
) -> None:
    """Download a model to your cache, and verify its hash."""
    from extractor.local.catalog import choose_model
    from extractor.local.pull import pull as fetch

    model = choose_model(name)
    with stopped_politely():
        path = fetch(model, say=lambda line: typer.echo(line, err=True), progress=_draw)
    typer.echo(f"{model.name} is here: {path}")


def _draw(done: int, total: int) -> None:
    if sys.stderr.isatty():
        typer.echo(f"\r{done / 1e6:,.0f} of {total / 1e6:,.0f} MB ", err=True, nl=done >= total)


local.add(list_models, "extractor local list", name="list")
local.add(pull, "extractor local pull local")
