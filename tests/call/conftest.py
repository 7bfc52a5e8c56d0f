"""What every test of this room shares: no back-off is waited for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from extractor.call.clock import without_waits


@pytest.fixture(autouse=True)
def _no_waits() -> Iterator[None]:
    with without_waits():
        yield
