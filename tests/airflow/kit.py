"""Running a DAG in this process, and what came of it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

try:
    from airflow.dag_processing.dagbag import DagBag
except ImportError:  # Airflow 2
    from airflow.models.dagbag import DagBag

from extractor.emulator.server import Emulator
from tests.kit import SAMPLES, receipts_reply

RECEIPTS = SAMPLES / "receipts"
COUNT = 18


@dataclass(frozen=True)
class Ran:
    """A finished run: its state, and of each task by id (and map index) the state, the tries and the manifest."""

    state: str
    states: Mapping[tuple[str, int], str]
    manifests: Mapping[tuple[str, int], Any]
    tries: Mapping[tuple[str, int], int]


def connection(emulator: Emulator, **extra: Any) -> str:
    """The connection to an emulator, as its environment variable holds it."""
    where = {"login": emulator.account_id, "password": emulator.token, "host": emulator.base_url}
    return json.dumps({"conn_type": "workersai", **where, "extra": extra})


@contextmanager
def connected(reply: Any = None, *, name: str = "workersai_default", **emulating: Any) -> Iterator[Emulator]:
    """An emulator that a connection, the default one, leads to."""
    variable = f"AIRFLOW_CONN_{name.upper()}"
    with Emulator(reply or receipts_reply(), **emulating) as emulator:
        os.environ[variable] = connection(emulator)
        try:
            yield emulator
        finally:
            del os.environ[variable]


def read(place: str | Path) -> DagBag:
    """The DAGs of a folder or a file, as Airflow reads them now."""
    found = DagBag(place)
    assert not found.import_errors
    return found


@cache
def bag() -> DagBag:
    return read(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])


def run(dag_id: str, dags: DagBag | None = None, **conf: Any) -> Ran:
    """Run a DAG here, task after task, with `conf` as its configuration."""
    done = (dags or bag()).dags[dag_id].test(run_conf={name: str(value) for name, value in conf.items()})
    tasks = done.get_task_instances()
    key = {(task.task_id, task.map_index): task for task in tasks}
    return Ran(
        state=str(done.state),
        states={at: str(task.state) for at, task in key.items()},
        manifests={at: pulled(task) for at, task in key.items()},
        tries={at: task.try_number for at, task in key.items()},
    )


def pulled(task: Any) -> Any:
    """What a task left in XCom."""
    return task.xcom_pull(task_ids=task.task_id, map_indexes=task.map_index, key="return_value")


def submitted(emulator: Emulator, since: int = 0) -> list[Any]:
    """The requests of all batches that were queued."""
    return [request for exchange in emulator.requests[since:] for request in exchange.body.get("requests", ())]
