"""What a person can click on beside a task."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperatorLink, XCom

if TYPE_CHECKING:
    from extractor.shards.work import Manifest

__all__ = ["ReportLink", "linked"]


def linked(manifest: Manifest, url: str | None) -> Manifest:
    """The manifest with its review page where a browser finds it; as it is where `url` says nothing."""
    return {**manifest, "report": f"{url.rstrip('/')}/report.html"} if url else manifest


class ReportLink(BaseOperatorLink):
    """The review page: every value beside the place in its source that it came from."""

    name = "Review page"

    def get_link(self, operator: Any, *, ti_key: Any) -> str:
        """Where the task's report.html is, or nothing where it wrote none."""
        manifest = XCom.get_value(ti_key=ti_key, key="return_value")
        return str(manifest["report"]) if isinstance(manifest, dict) and "report" in manifest else ""
