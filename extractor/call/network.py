"""What the process around us says of the network: its proxies, and whether a host is this machine."""

from __future__ import annotations

import ipaddress
import sys
from importlib.util import find_spec
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from extractor.errors import UsageError

__all__ = ["is_loopback", "proxy_for", "spare_sniffio"]


_KINDS = ("http", "https", "socks5", "socks5h")


def proxy_for(scheme: str, host: str) -> str | None:
    """The environment's proxy for an address; never for this machine itself. UsageError for one of no use."""
    if is_loopback(host) or proxy_bypass(host):
        return None
    found = getproxies()
    address = found.get(scheme) or found.get("all")
    if not address:
        return None
    proxy = address if "://" in address else f"http://{address}"
    kind = urlsplit(proxy).scheme
    if kind not in _KINDS:
        raise UsageError(
            f"the environment's proxy for {scheme} is of the kind {kind!r}: give one of {', '.join(_KINDS)}"
        )
    if kind.startswith("socks") and find_spec("socksio") is None:
        raise UsageError("the environment names a SOCKS proxy; install what it needs with: pip install 'httpx[socks]'")
    return proxy


def spare_sniffio() -> None:
    """httpcore tries to import sniffio several times a call; where it is not installed, say so once and for all."""
    if find_spec("sniffio") is None:
        sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]


def is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
