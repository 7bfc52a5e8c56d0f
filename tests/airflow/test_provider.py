"""What Airflow is told of the provider, and what its connection says."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import import_module
from importlib.metadata import entry_points
from importlib.resources import files
from itertools import chain
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowOptionalProviderFeatureException
from jsonschema import validate

from extractor.airflow.hook import WorkersAIHook
from extractor.airflow.provider import get_provider_info
from extractor.airflow.publishing import PublishOperator
from extractor.errors import AccountError, UsageError
from extractor.pipeline.config import Config
from extractor.wire.requests import Gateway
from tests.airflow.conftest import HITL
from tests.airflow.kit import connected

LOADED = """
import sys, airflow.providers.common.compat.sdk as sdk
own = sdk.BaseOperator, sdk.BaseOperatorLink, sdk.XCom, sdk.BaseHook, sdk.DecoratedOperator, sdk.task_decorator_factory
before = set(sys.modules)
from extractor.airflow import ExtractBatchOperator, ExtractOperator, PublishOperator, decorator
print(*(set(sys.modules) - before))
"""
PROGRAM = "import sys, extractor.airflow.provider as p; p.get_provider_info(); print(*sys.modules)"


def connect(monkeypatch: pytest.MonkeyPatch, **connection: Any) -> WorkersAIHook:
    monkeypatch.setenv("AIRFLOW_CONN_ELSEWHERE", json.dumps({"conn_type": "workersai", **connection}))
    return WorkersAIHook("elsewhere")


def test_the_description_is_as_airflow_wants_it() -> None:
    """It passes Airflow's own schema, and names the distribution that its entry point comes from."""
    validate(get_provider_info(), json.loads((files("airflow") / "provider_info.schema.json").read_text()))
    (entry,) = (one for one in entry_points(group="apache_airflow_provider") if one.module.startswith("extractor"))
    assert entry.dist is not None
    assert entry.dist.name == get_provider_info()["package-name"]
    assert entry.load() is get_provider_info


def test_it_imports_nothing() -> None:
    """Every `airflow` command reads the description: that loads neither Airflow nor pydantic nor httpx."""
    loaded = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True).stdout.split()
    assert not {"airflow", "pydantic", "httpx", "orjson"} & set(loaded)


def test_operators_are_light() -> None:
    """A DAG that imports them loads nothing that reads documents or asks a model."""
    loaded = subprocess.run([sys.executable, "-c", LOADED], check=True, capture_output=True, text=True).stdout.split()
    assert not {"pydantic", "extractor.call", "extractor.pipeline", "extractor.documents.load"} & set(loaded)


def test_what_a_dag_imports() -> None:
    """Every name of `extractor.airflow` is there, and no other."""
    import extractor.airflow

    names = [name for name in extractor.airflow.__all__ if HITL or name != "ReviewOperator"]
    assert all(getattr(extractor.airflow, name).__name__ == name for name in names)
    assert not hasattr(extractor.airflow, "Operator")


def test_every_name_in_it_is_there() -> None:
    """Classes are named as strings, so a test has to look them up."""
    info = get_provider_info()
    named = [one["hook-class-name"] for one in info["connection-types"]]
    named += [one["class-name"] for one in info["task-decorators"]] + info["extra-links"]
    listed = [one["python-modules"] for kind in ("operators", "hooks", "triggers") for one in info[kind]]
    modules = [name for name in chain.from_iterable(listed) if HITL or name != "extractor.airflow.review"]
    assert all(map(import_module, modules))
    for module, _, name in (one.rpartition(".") for one in named):
        assert hasattr(import_module(module), name)


def test_where_nobody_can_be_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Below Airflow 3.1 a DAG that imports the review says so in one line, as optional parts of providers do."""
    monkeypatch.setitem(sys.modules, "airflow.providers.standard.operators.hitl", None)
    monkeypatch.delitem(sys.modules, "extractor.airflow.review", raising=False)
    with pytest.raises(AirflowOptionalProviderFeatureException, match=r"^ReviewOperator needs Airflow 3.1 or newer"):
        import_module("extractor.airflow.review")


def test_airflow_takes_it() -> None:
    """The connection type, its form and the decorator are known to Airflow's own manager of providers."""
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()
    assert manager.hooks["workersai"].hook_name == "Cloudflare Workers AI"
    assert "extractor-pipelines" in manager.providers
    assert "extract" in dict(manager.taskflow_decorators)


def test_the_form() -> None:
    """Account, token and base URL go by their own names; the rest has fields, or where it has none the extra."""
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()
    form = manager.field_behaviours["workersai"]
    assert form["relabeling"] == {"login": "Account ID", "password": "API token", "host": "Base URL"}
    fields = {
        name.rpartition("__")[2] for name in manager.connection_form_widgets if name.startswith("extra__workersai")
    }
    assert fields == {"model", "timeout", "gateway", "gateway_token"} or "extra" not in form["hidden_fields"]
    assert WorkersAIHook.get_ui_field_behaviour().keys() == {"hidden_fields", "relabeling", "placeholders"}


def test_a_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    """Login, password, host and extra become a configuration; what the task gives comes before them."""
    extra = {"model": "@cf/other", "timeout": 60}
    hook = connect(monkeypatch, login="me", password="secret", host="http://127.0.0.1:9", extra=extra)
    config = hook.config(Config(instructions="Be kind."), max_cost=2.0)
    assert (config.account_id, config.token, config.base_url) == ("me", "secret", "http://127.0.0.1:9")
    assert (config.model, config.timeout, config.max_cost, config.instructions) == ("@cf/other", 60.0, 2.0, "Be kind.")
    assert hook.config(model="@cf/given").model == "@cf/given"
    assert "secret" not in repr(config)


def test_a_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    """A gateway's name becomes its address, and its token a header; with a host beside it the two contradict."""
    hook = connect(monkeypatch, login="me", password="secret", extra={"gateway": "door", "gateway_token": "pass-42"})
    assert hook.config().base_url == "https://gateway.ai.cloudflare.com/v1/me/door"
    assert hook.config().endpoint().gateway == Gateway(name="door", token="pass-42")
    assert "pass-42" not in repr(hook.config())
    with pytest.raises(UsageError, match="connection elsewhere with a gateway"):
        connect(monkeypatch, login="me", password="secret", host="http://x", extra={"gateway": "door"}).config()


def test_a_timeout_that_is_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line names the connection that says it."""
    with pytest.raises(UsageError, match="connection elsewhere has the timeout 'soon': give seconds"):
        connect(monkeypatch, login="me", password="secret", extra={"timeout": "soon"}).config()


def test_a_connection_that_is_not_there() -> None:
    """It is named in an error that no retry mends, whoever asks for it."""
    with pytest.raises(UsageError, match="there is no connection nowhere"):
        WorkersAIHook("nowhere").config()
    with pytest.raises(UsageError, match="there is no connection nowhere"):
        PublishOperator(task_id="publish", manifests=[], out="/out", sink_conn_id="nowhere")._sinks()


def test_without_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that lacks the token says so by its name, and never takes that of the worker; a model needs none."""
    monkeypatch.setenv("CLOUDFLARE_AUTH_TOKEN", "of-the-worker")
    monkeypatch.setenv("CLOUDFLARE_ACCOUNT_ID", "worker")
    with pytest.raises(AccountError, match="connection elsewhere has no password"):
        connect(monkeypatch, login="me").config()
    with pytest.raises(AccountError, match="connection elsewhere has no login"):
        connect(monkeypatch, password="secret").get_conn()
    assert connect(monkeypatch, extra={"model": "local"}).config().token is None


def test_the_test_button(monkeypatch: pytest.MonkeyPatch) -> None:
    """`test_connection` costs nothing; a wrong token and a wrong model are told, in words that hold no secret."""
    with connected(lambda body: "Yes") as emulator:
        assert WorkersAIHook().test_connection() == (True, "@cf/moonshotai/kimi-k2.6 can be asked")
        assert (emulator.served, emulator.usage.cost_usd) == (0, 0)
        where = {"login": emulator.account_id, "password": emulator.token, "host": emulator.base_url}
        assert not connect(monkeypatch, **where, extra={"model": "@cf/no-such"}).test_connection()[0]
        wrong = connect(monkeypatch, login=emulator.account_id, password="not-the-token", host=emulator.base_url)
        works, why = wrong.test_connection()
    assert not works
    assert "not-the-token" not in why


def test_an_extractor_of_ones_own() -> None:
    """`get_conn` gives an Extractor for code that needs more than an operator."""
    with connected(lambda body: {"total": 3}), WorkersAIHook().get_conn() as extractor:
        assert extractor.extract({"type": "object", "properties": {"total": {"type": "integer"}}}, "3").data == {
            "total": 3
        }
