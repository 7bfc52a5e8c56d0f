"""Where to ask and as whom: Cloudflare by the credentials of the environment, or the embedded model as a child."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Timer
from typing import IO, Any
from urllib.parse import urlsplit

import orjson

from extractor.errors import AccountError, UsageError
from extractor.wire.prices import Price, price_of
from extractor.wire.requests import DEFAULT_BASE_URL, DEFAULT_MODEL, SERVICE_RPM, Gateway, is_plain

__all__ = ["LOCAL_WINDOW", "WINDOW", "Child", "Endpoint", "is_local", "is_loopback", "resolve_endpoint", "sees"]

WINDOW = 256_000
LOCAL_WINDOW = 16_384
_LOCAL_SECONDS = 1800.0
_START_SECONDS = 300.0
_END_SECONDS = 5.0
_TOKENS = ("CLOUDFLARE_AUTH_TOKEN", "CLOUDFLARE_API_TOKEN")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One model at one address. `price` is None where it is unknown; `gateway` is the AI Gateway to go through, if any.

    `window` is how many tokens of prompt and answer to plan with: of 262,144 that are published, 256,000 were seen
    to be taken. `at_once` is how many requests it can answer at a time, None where that is its own business, and
    `seconds` the longest that one reply may take; the service itself stops at about 120. `rpm` is how many requests a
    minute it is known to take: None for embedded models, and for a server on this machine. `close()` ends the
    embedded model where it is one; other endpoints hold nothing.
    """

    base_url: str
    account_id: str
    token: str = field(repr=False)
    model: str = DEFAULT_MODEL
    price: Price | None = None
    window: int = WINDOW
    at_once: int | None = None
    seconds: float = 180.0
    rpm: float | None = None
    gateway: Gateway | None = None
    child: Child | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        _check_url(self.base_url)
        for what, value in (("the account id", self.account_id), ("the API token", self.token)):
            if not is_plain(value):  # which is not shown: it is a secret, or may be one in the wrong place
                raise AccountError(f"{what} holds a line break, a space or a letter that none has: copy it again")

    @property
    def bound(self) -> bool:
        """Whether answers are made of the document's own words: the embedded model's are, by grammar."""
        return self.child is not None

    def close(self) -> None:
        if self.child is not None:
            self.child.close()


def is_local(model: str) -> bool:
    """Whether a model's name means the embedded model: `local`, `local:NAME`, `local:PATH.gguf`."""
    return model == "local" or model.startswith("local:")


def sees(model: str) -> bool:
    """Whether a model can be shown pictures: the embedded ones cannot."""
    return not is_local(model)


def resolve_endpoint(
    model: str | None = None, base_url: str | None = None, environment: Mapping[str, str] | None = None
) -> Endpoint:
    """The endpoint that a model's name, a base URL and an environment (that of the process, by default) stand for.

    A local model is started and answers when this returns. AccountError where credentials are missing, UsageError
    where the base URL cannot be used or the embedded model cannot be started.
    """
    found = os.environ if environment is None else environment
    model = model or DEFAULT_MODEL
    if is_local(model) and base_url is None:
        return _local(model)
    root = base_url or found.get("EXTRACTOR_BASE_URL") or DEFAULT_BASE_URL
    _check_url(root)
    account = found.get("CLOUDFLARE_ACCOUNT_ID", "").strip()
    token = next(filter(None, (found.get(name, "").strip() for name in _TOKENS)), "")
    if not (account and token):
        raise AccountError(
            f"{_TOKENS[0] if account else 'CLOUDFLARE_ACCOUNT_ID'} is not set: set CLOUDFLARE_ACCOUNT_ID and"
            " CLOUDFLARE_AUTH_TOKEN to ask Kimi K2.6 on Cloudflare, or use a model on this machine: --model local"
        )
    return Endpoint(
        base_url=root.rstrip("/"),
        account_id=account,
        token=token,
        model=model,
        price=price_of(model),
        rpm=None if is_loopback(urlsplit(root).hostname or "") else SERVICE_RPM,
        gateway=Gateway(name=gateway) if (gateway := found.get("CLOUDFLARE_AI_GATEWAY_ID")) else None,
    )


def _local(model: str) -> Endpoint:
    child = Child.start(model)
    place = child.announced
    return Endpoint(
        base_url=place["base_url"],
        account_id=place["account_id"],
        token=place["token"],
        model=place["model"],
        price=price_of(model),
        window=place.get("window", LOCAL_WINDOW),
        at_once=1,
        seconds=_LOCAL_SECONDS,
        child=child,
    )


def _check_url(base_url: str) -> None:
    """UsageError for what is no base URL. It is not quoted: it may hold a password, or be a token."""
    try:
        parts = urlsplit(base_url)
        known = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1) and is_plain(base_url)
    except ValueError:
        known = False
    if not known or parts.query or parts.fragment:
        raise UsageError(f"what is set as one is no base URL; write one like {DEFAULT_BASE_URL}, without a query")


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


class Child:
    """A server started on a free port. It reads its standard input, and dies when that closes, however we end."""

    def __init__(self, process: subprocess.Popen[bytes], announced: dict[str, Any]) -> None:
        self.announced, self.process_id = announced, process.pid
        self._end = weakref.finalize(self, _end, process)

    @classmethod
    def start(cls, model: str) -> Child:
        """Start it and wait until it has announced itself; UsageError with its own last line where it does not."""
        return cls.run([sys.executable, "-m", "extractor", "emulate", "--model", model, "--port", "0", "--announce"])

    @classmethod
    def run(cls, command: Sequence[str]) -> Child:
        """The same for any command that announces itself by one JSON line."""
        with tempfile.TemporaryFile() as complaints:
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints)
            announced = _announcement(process)
            if announced is None:
                _end(process)
                raise UsageError(_last_line(complaints) or "the embedded model did not start and gave no reason")
            return cls(process, announced)

    def close(self) -> None:
        """End it, now."""
        self._end()


def _announcement(process: subprocess.Popen[bytes]) -> dict[str, Any] | None:
    assert process.stdout is not None
    impatience = Timer(_START_SECONDS, process.kill)
    impatience.start()
    try:
        line = orjson.loads(process.stdout.readline())
    except orjson.JSONDecodeError:
        return None
    finally:
        impatience.cancel()
    return line if isinstance(line, dict) and "base_url" in line else None


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _last_line(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read().decode("utf-8", "replace").strip().splitlines()
    return lines[-1].strip().removeprefix("extractor: ") if lines else ""
