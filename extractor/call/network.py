"""What the process around us says of the network: its proxies, and whether a host is this machine."""

from __future__ import annotations

import ipaddress
import sys
from importlib.util import find_spec
from urllib.request import getproxies, proxy_bypass

__all__ = ["proxy_for", "spare_sniffio"]


def proxy_for(scheme: str, host: str) -> str | None:
    """The environment's proxy for an address; never for this machine itself."""
    if _is_loopback(host) or proxy_bypass(host):
        return None
    found = getproxies()
    return found.get(scheme) or found.get("all")


def spare_sniffio() -> None:
    """httpcore tries to import sniffio several times a call; where it is not installed, say so once and for all."""
    if find_spec("sniffio") is None:
        sys.modules.setdefault("sniffio", None)  # type: ignore[arg-type]


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
