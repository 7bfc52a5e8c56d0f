"""`extractor doctor`: what this account's deployment supports."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from extractor.cli.options import BaseUrl, Json, Model

if TYPE_CHECKING:
    from extractor.call.doctor import Finding, Probe
    from extractor.call.endpoint import Endpoint

__all__ = ["doctor"]

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

    from extractor.call.doctor import Probe, facts_of
    from extractor.call.endpoint import resolve_endpoint
    from extractor.call.facts import remember
    from extractor.cli.signals import stopped_politely

    with stopped_politely(), closing(resolve_endpoint(model, base_url)) as endpoint:
        _announce(endpoint, max_cost)
        with Probe(endpoint, max_cost=max_cost) as probe:
            try:
                findings = _examined(probe, json=json)
            finally:
                _recorded(probe, record)
        remember(endpoint, facts_of(findings))
    if json:
        _show_json(findings, probe)
    else:
        _show_sum(findings, probe)
    raise typer.Exit(1 if any(finding.ok is False for finding in findings) else 0)


def _announce(endpoint: Endpoint, max_cost: float) -> None:
    from extractor.call.doctor import most_usd
    from extractor.wire.prices import dollars

    most = most_usd(endpoint)
    unknown = "at a price that is not known, so that no cap holds"
    cost = unknown if most is None else f"for {dollars(most)} at the most (cap: {dollars(max_cost)})"
    typer.echo(f"{endpoint.model}: some twenty small requests {cost}", err=True)


def _examined(probe: Probe, *, json: bool) -> list[Finding]:
    from extractor.call.doctor import examine

    return examine(probe, seen=(lambda finding: None) if json else _show)


def _show(finding: Finding) -> None:
    from extractor.cli.lines import one_line

    typer.echo(f"{_MARKS[finding.ok]}  {finding.check}")
    lines = {"expected": finding.expected, "came": finding.came, "remedy": finding.remedy}
    for name, text in lines.items():
        if text:
            typer.echo(f"      {name:<9} {one_line(text)}")


def _show_sum(findings: list[Finding], probe: Probe) -> None:
    differ = sum(finding.ok is False for finding in findings)
    typer.echo(f"\n{len(findings)} checks, {differ} of them other than documented, {_paid(probe)}")


def _show_json(findings: list[Finding], probe: Probe) -> None:
    import orjson

    rows = [_row(finding) for finding in findings]
    cost = probe.usage.cost_usd
    typer.echo(orjson.dumps({"findings": rows, "cost_usd": cost}, option=orjson.OPT_INDENT_2).decode())


def _row(finding: Finding) -> dict[str, Any]:
    names = ("check", "expected", "came", "ok", "remedy", "facts")
    return {name: getattr(finding, name) for name in names}


def _paid(probe: Probe) -> str:
    from extractor.wire.prices import dollars

    cost = probe.usage.cost_usd
    return "at a cost that is not known" if cost is None else f"{dollars(cost)} paid"


def _recorded(probe: Probe, record: Path | None) -> None:
    from extractor.call.recorder import recorded

    if record is not None:
        record.write_bytes(b"".join(recorded(probe.exchanges)))
