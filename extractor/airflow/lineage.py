"""The OpenLineage facets of a task: where it read, where it wrote, how many rows, and what became of the documents.

It is imported only where OpenLineage's provider asks.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attr
from airflow.providers.openlineage.extractors import OperatorLineage
from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import RunFacet
from openlineage.client.facet_v2 import output_statistics_output_dataset as statistics

from extractor.shards.work import Manifest
from extractor.sources.storage import dataset_name

__all__ = ["ExtractionRunFacet", "lineage"]


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


def lineage(read: Iterable[str], wrote: Manifest | None) -> Any:
    """The facets of a task that read some places and wrote what a manifest says."""
    inputs = [InputDataset(*name) for name in sorted(set(map(dataset_name, read)))]
    if wrote is None:
        return OperatorLineage(inputs=inputs)
    counted = statistics.OutputStatisticsOutputDatasetFacet(rowCount=wrote["rows"])
    rows = OutputDataset(*dataset_name(wrote["records"]), outputFacets={"outputStatistics": counted})
    names = ("model", "documents", "ok", "partial", "failed", "pending", "rows")
    facet = ExtractionRunFacet(**{name: wrote[name] for name in names}, costUsd=wrote["run_usd"])
    return OperatorLineage(inputs=inputs, outputs=[rows], run_facets={"extraction": facet})
