"""What every test shares: properties run without a clock and from fixed seeds."""

from __future__ import annotations

from importlib.util import find_spec

from hypothesis import settings

collect_ignore = [] if find_spec("airflow") else ["airflow"]  # `make test-airflow` has an environment of its own

settings.register_profile("suite", deadline=None, derandomize=True)
settings.load_profile("suite")
