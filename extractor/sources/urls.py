"""URLs as they may be shown and stored: without passwords, tokens and signatures."""

from __future__ import annotations

import re
from hashlib import blake2b
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

__all__ = ["named_url", "public_url", "scrubbed"]

_LINK = re.compile(r"::(?=[\w+.-]+://)")
"""What joins file systems that fsspec reads through one another: `zip://a.pdf::https://host/b.zip`."""

_SIGNATURE = re.compile(r"x-(amz|goog)-signature|signature|sig", re.IGNORECASE)
_OF_SIGNATURE = re.compile(
    r"x-(amz|goog)-.*|signature|expires|policy|key-pair-id|awsaccesskeyid|googleaccessid"
    r"|s(ig|v|s|rt|p|e|t|ip|pr|r|koid|ktid|kt|ke|ks|kv)",
    re.IGNORECASE,
)
"""The parameters of a signed URL of S3, Google Cloud Storage, CloudFront and Azure: they change from day to day."""


def named_url(url: str) -> str:
    """A URL as the name of what is there, the same on every day: without secrets, and with a digest of a query.

    Where the URL is signed, the parameters of the signature are left out of the query.

    >>> named_url("https://host/get?id=7"), named_url("https://host/a.pdf?X-Amz-Date=1&X-Amz-Signature=a7")
    ('https://host/get?57df2d8b', 'https://host/a.pdf')
    """
    name, query = public_url(url), urlsplit(url).query
    if not query or name.endswith(query):  # as of an object with ? in its name
        return name
    parameters = parse_qsl(query, keep_blank_values=True)
    if any(_SIGNATURE.fullmatch(each) for each, _ in parameters):
        parameters = [each for each in parameters if not _OF_SIGNATURE.fullmatch(each[0])]
    return f"{name}?{blake2b(urlencode(parameters).encode(), digest_size=4).hexdigest()}" if parameters else name


def public_url(url: str) -> str:
    """A URL without its password, and over HTTP without login and query; any other text as it is.

    >>> public_url("postgresql://me:secret@db/shop?sslmode=require"), public_url("https://host/a.pdf?sig=secret")
    ('postgresql://me@db/shop?sslmode=require', 'https://host/a.pdf')
    """
    scheme, mark, rest = url.partition("://")
    if not mark:
        return url
    if len(links := _LINK.split(url)) > 1:
        return "::".join(map(public_url, links))
    try:
        parts = urlsplit(url)
        query = [(name, value) for name, value in parse_qsl(parts.query) if "password" not in name]
    except ValueError:
        return f"{scheme}://..."
    login, at, place = parts.netloc.rpartition("@")
    if scheme.lower() in ("http", "https"):  # where the name alone may be a token, and the query a signature
        return f"{scheme}://{place}{parts.path}"
    below = rest[len(parts.netloc) :]  # as it is: names of objects may hold # and ?
    if "password" in unquote(below):
        below = parts.path + (f"?{urlencode(query)}" if query else "")
    return f"{scheme}://{login.partition(':')[0]}{at}{place}{below}"


def scrubbed(message: str, url: str) -> str:
    """The first line of an error, with the password of `url` struck out of it."""
    lines = message.strip().splitlines() or ["no reason given"]
    for secret in sorted(_secrets(url), key=len, reverse=True):
        lines[0] = lines[0].replace(secret, "***")
    return lines[0]


def _secrets(url: str) -> set[str]:
    parts = urlsplit(url)
    login = parts.netloc.rpartition("@")[0].partition(":")[2]
    parameters = [value for name, value in parse_qsl(parts.query) if "password" in name]
    return {secret for secret in (login, unquote(login), *parameters) if secret}
