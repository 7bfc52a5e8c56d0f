"""The OpenLineage facets of a task: where it read, where it wrote, how many rows, and what became of the documents."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from extractor.shards.work import Manifest
from extractor.sources.storage import is_remote, local

__all__ = ["dataset_name", "lineage"]


def lineage(read: Iterable[str], wrote: Manifest | None) -> Any:
    """The facets of a task that read some places and wrote what a manifest says; OpenLineage's provider asks."""
    from airflow.providers.openlineage.extractors import OperatorLineage
    from openlineage.client.event_v2 import InputDataset, OutputDataset
    from openlineage.client.facet_v2 import output_statistics_output_dataset as statistics

    from extractor.airflow.facet import ExtractionRunFacet

    inputs = [InputDataset(*name) for name in sorted(set(map(dataset_name, read)))]
    if wrote is None:
        return OperatorLineage(inputs=inputs)
    counted = statistics.OutputStatisticsOutputDatasetFacet(rowCount=wrote["rows"])
    rows = OutputDataset(*dataset_name(wrote["records"]), outputFacets={"outputStatistics": counted})
    names = ("model", "documents", "ok", "partial", "failed", "pending", "rows")
    facet = ExtractionRunFacet(**{name: wrote[name] for name in names}, costUsd=wrote["run_usd"])
    return OperatorLineage(inputs=inputs, outputs=[rows], run_facets={"extraction": facet})


def dataset_name(place: str) -> tuple[str, str]:
    """Namespace and name as OpenLineage writes them: ("s3://bucket", "key"), or ("file", "/path")."""
    if not is_remote(place):
        return "file", str(local(place))
    parts = urlsplit(place)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}", parts.path.strip("/") or "/"
