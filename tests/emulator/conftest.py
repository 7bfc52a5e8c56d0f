"""This room's tests send wrong requests on purpose, with a client of their own."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _published() -> None:
    """No rule for what is sent here."""
