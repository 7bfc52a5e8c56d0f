r"""Names of files as text that JSON can carry, each its own, and back as the bytes that they were.

>>> name_of("caf\udce9.txt"), name_of(r"caf\xe9.txt")
('caf\\xe9.txt', 'caf\\x5cxe9.txt')
"""

from __future__ import annotations

import os
import re

__all__ = ["name_of", "path_of"]

_LIKE_ESCAPE = re.compile(r"\\(?=x[0-9a-f]{2})")
_ESCAPE = re.compile(r"\\x([0-9a-f]{2})")


def name_of(path: str | os.PathLike[str]) -> str:
    r"""A path with every byte that is no UTF-8 as `\xNN`; a backslash of its own that reads like that is `\x5c`."""
    text = _LIKE_ESCAPE.sub(r"\\x5c", os.fspath(path))
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def path_of(name: str) -> str:
    r"""The path that `name_of` wrote down, as the functions of `os` take it.

    >>> path_of(name_of("caf\udce9.txt")) == "caf\udce9.txt"
    True
    """
    data = _ESCAPE.sub(lambda found: chr(0xDC00 + int(found[1], 16)), name)
    return data.replace("\udc5c", "\\")
