"""The connection to Workers AI: who asks, where, and which model."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import AirflowNotFoundException, BaseHook

from extractor.airflow.provider import get_provider_info

if TYPE_CHECKING:
    from extractor.pipeline.config import Config
    from extractor.pipeline.extractor import Extractor

__all__ = ["WorkersAIHook", "connection_named"]

_TEST_SECONDS = 30.0


def connection_named(conn_id: str) -> Any:
    """A connection of Airflow. UsageError where there is none of that name: no retry would find it."""
    from extractor.errors import UsageError

    try:
        return BaseHook.get_connection(conn_id)
    except AirflowNotFoundException as error:
        raise UsageError(f"there is no connection {conn_id}: add it, or name another one") from error


class WorkersAIHook(BaseHook):
    """Reads a connection of type `workersai`: login is the account id, password the API token, host the base URL.

    Its extra may hold `model`, `timeout` (seconds for one question about a part of a document), `gateway` (the name of
    an AI Gateway) and `gateway_token` (for a gateway that asks for one). Credentials come from the connection alone,
    never from the environment of the worker.
    """

    conn_name_attr = "workersai_conn_id"
    default_conn_name = "workersai_default"
    conn_type = "workersai"
    hook_name = "Cloudflare Workers AI"

    def __init__(self, workersai_conn_id: str = default_conn_name, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.workersai_conn_id = workersai_conn_id

    def config(self, declared: Config | None = None, **settings: Any) -> Config:
        """`declared` with what the connection says; `settings` come before both.

        AccountError where neither has the account id or the token, and the model is not an embedded one.
        """
        from extractor.call.endpoint import is_local
        from extractor.errors import AccountError
        from extractor.pipeline.config import Config

        connection = connection_named(self.workersai_conn_id)
        config = replace(declared or Config(), **{**self._settings(connection), **settings})
        credentials: dict[str, Any] = {
            "account_id": connection.login or config.account_id,
            "token": connection.password or config.token,
        }
        missing = [name for name, value in credentials.items() if not value]
        if missing and not is_local(config.model):
            fields = {"account_id": "login, the account id", "token": "password, an API token"}
            raise AccountError(f"connection {self.workersai_conn_id} has no {fields[missing[0]]}: edit it and set one")
        return replace(config, **credentials)

    def get_conn(self) -> Extractor:
        """An Extractor for code of one's own: use it in a `with`."""
        from extractor.pipeline.extractor import Extractor

        return Extractor(self.config())

    def test_connection(self) -> tuple[bool, str]:
        """Ask for nothing that costs money: whether the service knows the account, the token and the model."""
        from extractor.errors import ExtractorError

        try:
            return True, f"{asyncio.run(self._reached())} can be asked"
        except ExtractorError as error:
            return False, str(error)

    @staticmethod
    def get_ui_field_behaviour() -> dict[str, Any]:
        """The connection form of an Airflow that reads it from here and not from the provider: it shows the extra."""
        form = get_provider_info()["connection-types"][0]["ui-field-behaviour"]
        extra = '{"model": "", "timeout": 900, "gateway": "", "gateway_token": ""}'
        hints = {**form["placeholders"], "extra": extra}
        return {"hidden_fields": ["port", "schema"], "relabeling": form["relabeling"], "placeholders": hints}

    async def _reached(self) -> str:
        """The name of the model, once the service has answered who asks: it is asked for a batch that nobody sent."""
        from extractor.call.http import HttpTransport
        from extractor.errors import Rejected
        from extractor.wire.batches import poll_body

        endpoint = self.config().endpoint()
        try:
            async with HttpTransport(endpoint, seconds=_TEST_SECONDS) as transport:
                await transport.queue(poll_body("connection-test"))
        except Rejected:  # so who asked, and for which model, was accepted
            pass
        finally:
            endpoint.close()
        return endpoint.model

    def _settings(self, connection: Any) -> dict[str, Any]:
        """What else the connection sets, as keywords of Config."""
        from extractor.errors import UsageError
        from extractor.wire.requests import Gateway, gateway_url

        extra, account, base_url = connection.extra_dejson, connection.login, connection.host
        name, gateway = extra.get("gateway"), None
        if name and (base_url or not account):
            raise UsageError(
                f"connection {self.workersai_conn_id} with a gateway needs a login, the account id, and no host:"
                " clear one of them"
            )
        if name:
            base_url, gateway = gateway_url(account, name), Gateway(name=name, token=extra.get("gateway_token") or None)
        try:
            timeout = float(extra.get("timeout") or 0)
        except ValueError:
            raise UsageError(
                f"connection {self.workersai_conn_id} has the timeout {extra['timeout']!r}: give seconds"
            ) from None
        settings = {"base_url": base_url, "model": extra.get("model"), "timeout": timeout, "gateway": gateway}
        return {name: value for name, value in settings.items() if value}
