"""`airflow standalone` as a child, and its REST API."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

import httpx

T = TypeVar("T")

FINAL = ("success", "failed")
PATIENCE = 240.0


def until(ask: Callable[[], T], *, seconds: float = PATIENCE) -> T:
    """What `ask` says as soon as that is anything."""
    deadline = time.monotonic() + seconds
    while not (said := ask()):
        assert time.monotonic() < deadline, "nothing came of it in time"
        time.sleep(0.1)
    return said


class Api:
    """The calls that a person's script would make."""

    def __init__(self, port: int) -> None:
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60.0, trust_env=False)

    def healthy(self, *parts: str) -> bool:
        """Whether these parts are up."""
        with suppress(httpx.TransportError):
            told = self._client.get("/api/v2/monitor/health")
            states = told.json() if told.status_code == httpx.codes.OK else {}
            return all(states.get(part, {}).get("status") == "healthy" for part in parts)
        return False

    def log_in(self) -> None:
        self._client.headers["authorization"] = f"Bearer {self._client.get('/auth/token').json()['access_token']}"

    def trigger(self, dag: str, **conf: Any) -> str:
        """Start a run, of a DAG that may have to be found first; returns the path of the run."""
        until(lambda: self._client.get(f"/api/v2/dags/{dag}").status_code == 200)
        self._client.patch(f"/api/v2/dags/{dag}", json={"is_paused": False}).raise_for_status()
        asked = {"logical_date": None, "conf": {name: str(value) for name, value in conf.items()}}
        made = self._client.post(f"/api/v2/dags/{dag}/dagRuns", json=asked).raise_for_status().json()
        return f"/api/v2/dags/{dag}/dagRuns/{made['dag_run_id']}"

    def finished(self, run: str) -> str:
        """The state that a run ends in."""
        return until(lambda: next((state for state in FINAL if state == self.get(run)["state"]), ""))

    def get(self, path: str, **query: Any) -> Any:
        return self._client.get(path, params=query).raise_for_status().json()

    def manifest(self, run: str, task: str = "extract", map_index: int = -1) -> Any:
        path = f"{run}/taskInstances/{task}/xcomEntries/return_value"
        return self.get(path, map_index=map_index, deserialize=True)["value"]

    def fail(self, run: str, task: str = "extract") -> None:
        """Mark a running task as failed, as a person does in the UI."""
        self._client.patch(f"{run}/taskInstances/{task}", json={"new_state": "failed"}).raise_for_status()

    def clear(self, run: str, task: str = "extract") -> None:
        """Let a finished task run again."""
        dag, _, run_id = run.removeprefix("/api/v2/dags/").partition("/dagRuns/")
        wish = {"dry_run": False, "dag_run_id": run_id, "task_ids": [task], "only_failed": False}
        self._client.post(f"/api/v2/dags/{dag}/clearTaskInstances", json=wish).raise_for_status()


def serving(port: int) -> dict[str, str]:
    """Settings of an Airflow that serves its API on a port, to whoever asks, and looks often for what is to do."""
    here = f"http://127.0.0.1:{port}"
    return {
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": here,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{here}/execution/",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        "AIRFLOW__TRIGGERER__DEFAULT_CAPACITY": "10",
    }


@contextmanager
def standalone(home: Path) -> Iterator[Api]:
    """Scheduler, DAG processor, triggerer and API server of the Airflow in `home`, until left."""
    port = free_port()
    with (home / "standalone.log").open("wb") as log:
        child = subprocess.Popen(
            ["airflow", "standalone"], env=os.environ | serving(port), stdout=log, stderr=log, start_new_session=True
        )
        try:
            api = Api(port)
            until(lambda: api.healthy("scheduler", "dag_processor", "triggerer"))
            api.log_in()
            yield api
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                child.wait(15)
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)


def holders(folder: Path) -> list[int]:
    """The processes that work in an output folder, by the lock that they hold."""
    lock = str(folder / ".lock")
    return [int(fd.parts[2]) for fd in Path("/proc").glob("[0-9]*/fd/*") if _target(fd) == lock]


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
