"""Tests without the service: a scripted endpoint, recorded replies, no network, no waits, and assertions on records.

`pip install 'extractor-pipelines[testing]'` adds these fixtures to pytest (`plugin.py`):

    extractor_endpoint      an `Endpoint` that stands in for Cloudflare; replies are scripted by document or by function
    extractor_recording     replies of the real service, recorded once with `--extractor-record`, then replayed
    extractor_no_network    connections to other machines raise NetworkBlocked; part of the two above
    extractor_no_wait       back-offs and rate limits pass at once; part of the two above

    def test_receipts(extractor_endpoint, tmp_path):
        extractor_endpoint.gold(Receipt, "samples/receipts")
        Pipeline(Receipt, "samples/receipts").run(tmp_path)
        assert_records(tmp_path, "samples/receipts/gold.jsonl")

All of it works without pytest too: `with Endpoint() as endpoint: ...`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from extractor.call.clock import without_waits
    from extractor.emulator.questions import Question
    from extractor.emulator.values import Completion
    from extractor.testing.endpoint import Endpoint, Unscripted
    from extractor.testing.network import NetworkBlocked, no_network
    from extractor.testing.records import assert_record, assert_records

_HOMES = {
    "Completion": "emulator.values",
    "Endpoint": "testing.endpoint",
    "NetworkBlocked": "testing.network",
    "Question": "emulator.questions",
    "Unscripted": "testing.endpoint",
    "assert_record": "testing.records",
    "assert_records": "testing.records",
    "no_network": "testing.network",
    "without_waits": "call.clock",
}

__all__ = [
    "Completion",
    "Endpoint",
    "NetworkBlocked",
    "Question",
    "Unscripted",
    "assert_record",
    "assert_records",
    "no_network",
    "without_waits",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'extractor.testing' has no attribute {name!r}")
    from importlib import import_module

    value = globals()[name] = getattr(import_module(f"extractor.{_HOMES[name]}"), name)
    return value
