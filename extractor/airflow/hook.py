"""The connection to Workers AI: who asks, where, and which model."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from airflow.providers.common.compat.sdk import BaseHook

from extractor.airflow.provider import get_provider_info
from extractor.call.http import HttpTransport
from extractor.errors import ExtractorError, UsageError
from extractor.pipeline.config import Config
from extractor.pipeline.extractor import Extractor
from extractor.wire.headers import gateway_url
from extractor.wire.options import Options
from extractor.wire.requests import build_body, user
from extractor.wire.values import Request

__all__ = ["WorkersAIHook"]


class WorkersAIHook(BaseHook):
    """Reads a connection of type `workersai`: login is the account id, password the API token, host the base URL.

    Its extra may hold `model`, `timeout` (seconds for one chunk) and `gateway` (the name of an AI Gateway).
    """

    conn_name_attr = "workersai_conn_id"
    default_conn_name = "workersai_default"
    conn_type = "workersai"
    hook_name = "Cloudflare Workers AI"

    def __init__(self, workersai_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.workersai_conn_id = workersai_conn_id

    def config(self, declared: Config | None = None, **given: Any) -> Config:
        """`declared` with what the connection says, and with `given` before all else."""
        return replace(declared or Config(), **{**self._said(), **given})

    def get_conn(self) -> Extractor:
        """An Extractor for code of one's own: use it in a `with`."""
        return Extractor(**self._said())

    def test_connection(self) -> tuple[bool, str]:
        """Ask the model for one word, which costs less than a thousandth of a dollar; says what came of it."""
        try:
            model = self._ask()
        except ExtractorError as error:
            return False, str(error)
        return True, f"{model} answered"

    @staticmethod
    def get_ui_field_behaviour() -> dict[str, Any]:
        """The connection form of an Airflow that reads it from here and not from the provider: it shows the extra."""
        form = get_provider_info()["connection-types"][0]["ui-field-behaviour"]
        hints = {**form["placeholders"], "extra": '{"model": "", "timeout": 900, "gateway": ""}'}
        return {"hidden_fields": ["port", "schema"], "relabeling": form["relabeling"], "placeholders": hints}

    def _ask(self) -> str:
        endpoint = self.config().endpoint()
        request = Request(build_body([user("Say yes.")], options=Options(max_completion_tokens=16)))

        async def ask() -> None:
            async with HttpTransport(endpoint, seconds=30.0) as transport:
                await transport.send(request)

        asyncio.run(ask())
        endpoint.close()
        return endpoint.model

    def _said(self) -> dict[str, Any]:
        """What the connection sets, as keywords of Config."""
        connection = self.get_connection(self.workersai_conn_id)
        extra = connection.extra_dejson
        said = {
            "account_id": connection.login,
            "token": connection.password,
            "base_url": _base_url(connection.host, extra.get("gateway"), connection.login),
            "model": extra.get("model"),
            "timeout": float(extra["timeout"]) if extra.get("timeout") else None,
        }
        return {name: value for name, value in said.items() if value}


def _base_url(host: str | None, gateway: str | None, account_id: str | None) -> str | None:
    if not gateway:
        return host
    if host or not account_id:
        raise UsageError("a connection with a gateway needs a login, the account id, and no host: clear one of them")
    return gateway_url(account_id, gateway)
