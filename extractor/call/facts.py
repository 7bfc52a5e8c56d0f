"""What is known of a deployment from one run to the next: a small file in the user's cache.

A deployment is a model at an address, for one account. What it refuses costs nothing to find out, but every run would
find it out again; deployments change, so that a fact is believed for two weeks.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson

from extractor.call.endpoint import Endpoint
from extractor.call.network import is_loopback
from extractor.wire.models import today

__all__ = ["facts_file", "lasting", "recall", "remember"]

_BELIEVED = timedelta(days=14)


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


def _read() -> dict[str, Any]:
    try:
        known = orjson.loads(facts_file().read_bytes())
    except (OSError, orjson.JSONDecodeError):
        return {}
    return known if isinstance(known, dict) else {}


def _key(endpoint: Endpoint) -> str:
    place = f"{endpoint.base_url} {endpoint.account_id} {endpoint.model}"
    return sha256(place.encode()).hexdigest()[:16]
