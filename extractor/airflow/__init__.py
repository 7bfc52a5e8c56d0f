"""The Airflow provider: a connection, operators and a decorator that build a Pipeline and run it.

    from extractor.airflow import ExtractOperator, PublishOperator, plan_shards

Names are imported on first use. Only this room imports Airflow. Every `airflow` command reads `provider.py`, which
imports nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from extractor.airflow.batch import ExtractBatchOperator
    from extractor.airflow.hook import WorkersAIHook
    from extractor.airflow.operators import ExtractOperator
    from extractor.airflow.publishing import PublishOperator
    from extractor.airflow.review import ReviewOperator
    from extractor.shards.plan import plan_shards
    from extractor.shards.publish import read_results
    from extractor.shards.review import flagged_documents

__all__ = [
    "ExtractBatchOperator",
    "ExtractOperator",
    "PublishOperator",
    "ReviewOperator",
    "WorkersAIHook",
    "flagged_documents",
    "plan_shards",
    "read_results",
]

_HOMES = {
    "ExtractBatchOperator": "airflow.batch",
    "ExtractOperator": "airflow.operators",
    "PublishOperator": "airflow.publishing",
    "ReviewOperator": "airflow.review",
    "WorkersAIHook": "airflow.hook",
    "flagged_documents": "shards.review",
    "plan_shards": "shards.plan",
    "read_results": "shards.publish",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'extractor.airflow' has no attribute {name!r}")
    home = __import__(f"extractor.{_HOMES[name]}", fromlist=[name])
    value = globals()[name] = getattr(home, name)
    return value
