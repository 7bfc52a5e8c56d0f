"""The description of this provider for Airflow. It reads this on every command, so nothing is imported here."""

from __future__ import annotations

from typing import Any

__all__ = ["get_provider_info"]

_FIELDS = {
    "model": {
        "label": "Model",
        "description": "A Workers AI model; Kimi K2.6 where this is empty.",
        "schema": {"type": ["string", "null"]},
    },
    "timeout": {
        "label": "Timeout",
        "description": "Seconds for one question about a part of a document, with its retries.",
        "schema": {"type": ["number", "null"], "exclusiveMinimum": 0},
    },
    "gateway": {
        "label": "AI Gateway",
        "description": "The name of the AI Gateway that requests pass through.",
        "schema": {"type": ["string", "null"]},
    },
}

_FORM = {
    "hidden-fields": ["port", "schema", "extra"],
    "relabeling": {"login": "Account ID", "password": "API token", "host": "Base URL"},
    "placeholders": {"host": "https://api.cloudflare.com/client/v4"},
}


def get_provider_info() -> dict[str, Any]:
    """The provider's description: `package-name` must be the distribution that this file comes from."""
    return {
        "package-name": "extractor-pipelines",
        "name": "extractor",
        "description": "Documents in, validated data out, through Kimi K2.6 on Cloudflare Workers AI.",
        "connection-types": [
            {
                "connection-type": "workersai",
                "hook-class-name": "extractor.airflow.hook.WorkersAIHook",
                "hook-name": "Cloudflare Workers AI",
                "conn-fields": _FIELDS,
                "ui-field-behaviour": _FORM,
            }
        ],
        "task-decorators": [{"name": "extract", "class-name": "extractor.airflow.decorator.extract_task"}],
        "extra-links": ["extractor.airflow.links.ReportLink"],
    }
