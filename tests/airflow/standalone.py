"""`airflow standalone` as a child, and its REST API."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.airflow.processes import command_line, free_port, running, session_of, until

FINAL = ("success", "failed")


class Api:
    """The calls that a person's script would make."""

    def __init__(self, port: int) -> None:
        self._client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=240.0, trust_env=False)

    def close(self) -> None:
        self._client.close()

    def healthy(self, *parts: str) -> bool:
        """Whether these parts are up."""
        with suppress(httpx.TransportError):
            response = self._client.get("/api/v2/monitor/health")
            states = response.json() if response.status_code == httpx.codes.OK else {}
            return all(states.get(part, {}).get("status") == "healthy" for part in parts)
        return False

    def log_in(self) -> None:
        self._client.headers["authorization"] = f"Bearer {self._client.get('/auth/token').json()['access_token']}"

    def trigger(self, dag: str, **conf: Any) -> str:
        """Start a run, of a DAG that may have to be found first; returns the path of the run."""
        until(lambda: self._client.get(f"/api/v2/dags/{dag}").status_code == 200)
        self._client.patch(f"/api/v2/dags/{dag}", json={"is_paused": False}).raise_for_status()
        body = {"logical_date": None, "conf": {name: str(value) for name, value in conf.items()}}
        made = self._client.post(f"/api/v2/dags/{dag}/dagRuns", json=body).raise_for_status().json()
        return f"/api/v2/dags/{dag}/dagRuns/{made['dag_run_id']}"

    def finished(self, run: str) -> str:
        """The state that a run ends in."""
        return until(lambda: next((state for state in FINAL if state == self.get(run)["state"]), ""))

    def get(self, path: str, **query: Any) -> Any:
        return self._client.get(path, params=query).raise_for_status().json()

    def manifest(self, run: str, task: str = "extract", map_index: int = -1) -> Any:
        """What a task left in XCom, or None."""
        path = f"{run}/taskInstances/{task}/xcomEntries/return_value"
        response = self._client.get(path, params={"map_index": map_index, "deserialize": True})
        return response.json()["value"] if response.status_code == httpx.codes.OK else None

    def review_page(self, run: str, task: str = "extract", map_index: int = -1) -> str:
        """Where the link beside a task leads."""
        links = self.get(f"{run}/taskInstances/{task}/links", map_index=map_index)["extra_links"]
        return str(links["Review page"])

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
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": here,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{here}/execution/",
        "AIRFLOW__CORE__PARALLELISM": "4",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "INFO",
        "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "120",
        "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT_CHECK_INTERVAL": "10",
        "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "20",
    }


class Standalone(Api):
    """A whole Airflow on one machine."""

    def __init__(self, home: Path, port: int, stack: ExitStack) -> None:
        super().__init__(port)
        self._home, self._stack = home, stack
        self._environment = serving(port) | lineage(home)
        self._leader = self.start("standalone")

    def start(self, part: str) -> int:
        """Start a part of Airflow; it ends when this Airflow does."""
        return self._stack.enter_context(
            running("airflow", part, environment=self._environment, log=self._home / f"{part}.log")
        ).pid

    def kill(self, part: str) -> None:
        """End a part, and all that it started, as a power cut does; nobody here starts it again."""
        dead = [process for process in session_of(self._leader) if part in command_line(process)]
        assert dead
        for process in dead:
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)

    def form(self, run: str, task: str = "review", map_index: int = 0) -> Any:
        """What a person is asked, once a task waits for the answer."""
        path = f"{run}/taskInstances/{task}/{map_index}"
        until(lambda: self._waits(path))
        return self.get(f"{path}/hitlDetails")

    def answer(self, run: str, choice: str, values: dict[str, Any], *, map_index: int = 0, task: str = "review") -> str:
        """Fill in a form; returns the state of the task afterwards."""
        path = f"{run}/taskInstances/{task}/{map_index}"
        wish = {"chosen_options": [choice], "params_input": values}
        until(lambda: self._waits(path))
        self._client.patch(f"{path}/hitlDetails", json=wish).raise_for_status()
        return until(
            lambda: next((state for state in (*FINAL, "up_for_retry") if state == self.get(path)["state"]), "")
        )

    def _waits(self, path: str) -> bool:
        """Whether a task waits for a person, and the scheduler knows that its worker has left.

        Airflow takes a task whose answer comes before that for one that was killed, which costs it a try.
        """
        task = self._client.get(path).json()
        assert task.get("state") != "failed"
        if task.get("state") not in ("awaiting_input", "deferred"):
            return False
        names = ("task_id", "map_index", "try_number")
        marks = ["TaskInstance Finished", task["dag_run_id"], *(f"{name}={task[name]}," for name in names)]
        log = (self._home / "standalone.log").read_text(errors="replace")
        return any(all(mark in line for mark in marks) for line in log.splitlines())

    def events(self) -> list[Any]:
        """What OpenLineage was told so far."""
        events = self._home / "lineage.jsonl"
        return [json.loads(line) for line in events.read_text().splitlines()] if events.exists() else []


@contextmanager
def standalone(home: Path) -> Iterator[Standalone]:
    """Scheduler, DAG processor, triggerer and API server of the Airflow in `home`, until left."""
    with ExitStack() as stack:
        api = stack.enter_context(closing(Standalone(home, free_port(), stack)))
        until(lambda: api.healthy("scheduler", "dag_processor", "triggerer"))
        api.log_in()
        yield api


def lineage(home: Path) -> dict[str, str]:
    """Settings by which OpenLineage writes its events into a file."""
    where = {"type": "file", "log_file_path": str(home / "lineage.jsonl"), "append": True}
    return {"AIRFLOW__OPENLINEAGE__TRANSPORT": json.dumps(where)}
