"""The description of this provider for Airflow. It reads this on every command, so nothing is imported here."""

from __future__ import annotations

from typing import Any

__all__ = ["get_provider_info"]

_SERVICE = "Cloudflare Workers AI"


def _field(label: str, description: str, type_: str = "string", **rules: Any) -> dict[str, Any]:
    return {"label": label, "description": description, "schema": {"type": [type_, "null"], **rules}}


_SECONDS = "Seconds for one question about a part of a document, with its retries."
_FIELDS = {
    "model": _field("Model", "A Workers AI model; Kimi K2.6 where this is empty."),
    "timeout": _field("Timeout", _SECONDS, "number", exclusiveMinimum=0),
    "gateway": _field("AI Gateway", "The name of the AI Gateway that requests pass through."),
    "gateway_token": _field("AI Gateway token", "For a gateway that is authenticated.", format="password"),
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
        "integrations": [
            {
                "integration-name": _SERVICE,
                "external-doc-url": "https://developers.cloudflare.com/workers-ai/",
                "tags": ["service"],
            }
        ],
        "operators": [
            {
                "integration-name": _SERVICE,
                "python-modules": [
                    f"extractor.airflow.{name}" for name in ("operators", "batch", "publishing", "review")
                ],
            }
        ],
        "hooks": [{"integration-name": _SERVICE, "python-modules": ["extractor.airflow.hook"]}],
        "triggers": [{"integration-name": _SERVICE, "python-modules": ["extractor.airflow.batch"]}],
        "connection-types": [
            {
                "connection-type": "workersai",
                "hook-class-name": "extractor.airflow.hook.WorkersAIHook",
                "hook-name": _SERVICE,
                "conn-fields": _FIELDS,
                "ui-field-behaviour": _FORM,
            }
        ],
        "task-decorators": [{"name": "extract", "class-name": "extractor.airflow.decorator.extract_task"}],
        "extra-links": ["extractor.airflow.outcome.ReportLink"],
    }
