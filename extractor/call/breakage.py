"""What breaks on the way, as errors of our tree, with no secret in them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from extractor.errors import BrokenReply, ServiceError, Unreachable, Unreached

__all__ = ["Secrets", "mapped"]


class Secrets:
    """What must not be shown, whoever repeats it."""

    def __init__(self, *secrets: str | None) -> None:
        self._secrets = tuple(secret for secret in secrets if secret and len(secret) >= _SHORTEST)
        pieces = {one[at : at + _SHORTEST] for one in self._secrets for at in range(len(one) - _SHORTEST + 1)}
        self._piece = re.compile(f"(?=({'|'.join(map(re.escape, sorted(pieces)))}))") if pieces else None

    def hidden(self, text: str) -> str:
        """A text with the secrets masked, and with every piece of one, as where a message was cut."""
        parts: list[str] = []
        end = 0
        for piece in self._piece.finditer(text) if self._piece else ():
            if piece.start() > end or not parts:  # not the next letter of the same piece
                parts += [text[end : piece.start()], "***"]
            end = piece.start() + _SHORTEST
        return "".join([*parts, text[end:]])

    def hidden_as_it_grows(self, text: str) -> tuple[str, str]:
        """Text with the secrets masked, and its end that may be the beginning of one, which waits for what follows."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        ends = (n for one in self._secrets for n in range(min(len(one), len(text)), 0, -1) if text.endswith(one[:n]))
        held = max(ends, default=0)
        return text[: len(text) - held], text[len(text) - held :]

    def hidden_in(self, body: bytes) -> bytes:
        """A body with the secrets masked."""
        for secret in self._secrets:
            body = body.replace(secret.encode(), b"***")
        return body


_SHORTEST = 8
"""Characters; what is shorter is no token, and may well be part of other words."""


@contextmanager
def mapped(host: str, seconds: float, secrets: Secrets, met: Callable[[], bool]) -> Iterator[None]:
    """httpx's errors as those of our tree. They name the host; never a header, and no address with a password.

    What a server says in its own words may repeat what was sent, so that every message is masked. `met` tells whether
    the host has ever answered.
    """
    try:
        yield
    except ServiceError as error:
        error.args = (secrets.hidden(str(error)),)
        raise
    except httpx.HTTPError as error:
        said = str(error) or type(error).__name__
        hidden = secrets.hidden(said)
        raise _of_tree(error, hidden, host, seconds, met=met()) from (error if hidden == said else None)


def _of_tree(error: httpx.HTTPError, said: str, host: str, seconds: float, *, met: bool) -> ServiceError:
    match error:
        case httpx.ConnectError() | httpx.ConnectTimeout() | httpx.ProxyError() | httpx.UnsupportedProtocol():
            why = f"{host} cannot be reached ({said}): check the network and the base URL"
            return Unreachable(why, billable=False) if met else Unreached(why)
        case httpx.TimeoutException():
            return Unreachable(f"{host} gave no whole reply in {seconds:g} s: it is asked again")
        case httpx.DecodingError() | httpx.RemoteProtocolError():
            return BrokenReply(f"{host} sent a reply that is not whole ({said}): it is asked again")
    return Unreachable(f"the connection to {host} broke ({said}): it is asked again")
