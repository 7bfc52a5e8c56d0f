"""The facet of OpenLineage that says what became of documents; it is imported only where OpenLineage's provider is."""

from __future__ import annotations

import attr
from openlineage.client.facet_v2 import RunFacet

__all__ = ["ExtractionRunFacet"]


@attr.define
class ExtractionRunFacet(RunFacet):
    """What became of the documents of a run, and what it cost in US dollars; None is a price that is not known."""

    model: str
    documents: int
    ok: int
    partial: int
    failed: int
    pending: int
    rows: int
    costUsd: float | None
