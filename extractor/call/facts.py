"""What is known of a deployment before a run spends money: facts of earlier runs, and a look at the catalogue.

A deployment is a model at an address, for one account. Facts are in a small file in the user's cache, so that not
every run has to be refused first. Deployments change: a fact is believed for two weeks.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping, Sized
from contextlib import suppress
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from extractor.call.endpoint import Endpoint, is_loopback
from extractor.wire.models import today

if TYPE_CHECKING:
    from extractor.call.http import HttpTransport

__all__ = ["facts_file", "lasting", "look", "recall", "remember"]

_BELIEVED = timedelta(days=14)
_WARN: Callable[[str], None] = logging.getLogger("extractor").warning


def facts_file() -> Path:
    """Where facts are: `deployments.json` in the folder `extractor` of the user's cache."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root) / "extractor" / "deployments.json"


def lasting(endpoint: Endpoint) -> bool:
    """Whether a deployment will be there for another run: a server on this machine may be any by then."""
    return not is_loopback(urlsplit(endpoint.base_url).hostname or "")


def recall(endpoint: Endpoint) -> Mapping[str, Any]:
    """The facts of a deployment: `refused` rungs, `dropped` parameters, `rpm`; empty where none are believed."""
    facts = _read().get(_key(endpoint))
    if not isinstance(facts, dict):
        return {}
    try:
        seen = date.fromisoformat(str(facts.get("seen")))
    except ValueError:
        return {}
    return facts if today() - seen <= _BELIEVED else {}


def remember(endpoint: Endpoint, facts: Mapping[str, Any]) -> None:
    """Keep the facts of a deployment in place of earlier ones. A cache that cannot be written is no failure."""
    path, known = facts_file(), _read()
    known[_key(endpoint)] = {**facts, "model": endpoint.model, "seen": today().isoformat()}
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.write_bytes(orjson.dumps(known, option=orjson.OPT_INDENT_2))
        draft.replace(path)


async def look(
    http: HttpTransport,
    endpoint: Endpoint,
    *,
    batch: bool,
    out: Sized = (),
    warn: Callable[[str], None] = _WARN,
) -> bool:
    """Warn of what a person should know before the run begins; whether requests can be queued, where `batch` asks so.

    `out` are the batches of an earlier run that are not done. A catalogue that cannot be had is no failure.
    """
    entry = None if endpoint.bound else await http.look()
    for warning in entry.warnings(endpoint.price, batch=batch, today=today()) if entry else ():
        warn(warning)
    if out and not batch:
        warn(f"batches of an earlier run are still out ({len(out)}): their answers are waited for")
    return batch and not (entry and entry.batch is False)


def _read() -> dict[str, Any]:
    try:
        known = orjson.loads(facts_file().read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return known if isinstance(known, dict) else {}


def _key(endpoint: Endpoint) -> str:
    place = f"{endpoint.base_url} {endpoint.account_id} {endpoint.model}"
    return sha256(place.encode()).hexdigest()[:16]
