"""`extractor doctor`: what this account's deployment supports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from extractor.cli.help import one_line
from extractor.cli.options import BaseUrl, Json, Model

if TYPE_CHECKING:
    from extractor.call.doctor import Finding
    from extractor.call.endpoint import Endpoint

__all__ = ["doctor"]

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
    from contextlib import closing

    import orjson

    from extractor.call.doctor import Probe, examine, facts_of
    from extractor.call.endpoint import resolve_endpoint
    from extractor.call.facts import remember
    from extractor.call.recorder import recorded
    from extractor.cli.signals import stopped_politely
    from extractor.wire.prices import dollars

    with stopped_politely(), closing(resolve_endpoint(model, base_url)) as endpoint:
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
