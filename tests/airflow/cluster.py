"""Airflow on CeleryExecutor: Redis, PostgreSQL, a scheduler and two workers, each in a process group of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.airflow.processes import free_port, holders, running, session_of, until
from tests.airflow.standalone import Api, serving

INITDB = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)
THERE = INITDB is not None and shutil.which("redis-server") is not None


class Cluster:
    """Starts and kills the parts; all of them end when it is left."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._home, self._stack = home, stack
        self.workers: list[int] = []
        self.environment: dict[str, str] = {}

    def start(self, *command: str, name: str, user: str | None = None) -> int:
        """The session of a new part."""
        log = self._home / f"{name}.log"
        child = running(*command, environment=self.environment, log=log, user=user)
        return self._stack.enter_context(child).pid

    def busy(self, number: int, out: Path) -> bool:
        """Whether a worker is at work in a folder below `out`."""
        working = {process for folder in out.glob("shards/*") for process in holders(folder)}
        return not working.isdisjoint(session_of(self.workers[number]))

    def kill(self, number: int) -> None:
        """What a power cut does to one worker."""
        for process in session_of(self.workers[number]):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


@contextmanager
def cluster(home: Path) -> Iterator[tuple[Cluster, Api]]:
    """A cluster with two workers that is ready to take runs."""
    with ExitStack() as stack:
        made = Cluster(home, stack)
        redis, port = free_port(), free_port()
        made.start("redis-server", "--bind", "127.0.0.1", "--port", str(redis), "--save", "", name="redis")
        database = _postgres(made, stack)
        made.environment = {
            **serving(port),
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{database}",
            "AIRFLOW__CELERY__BROKER_URL": f"redis://127.0.0.1:{redis}/0",
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql+psycopg2://{database}",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "30",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
            "AIRFLOW__API_AUTH__JWT_SECRET": "a secret that all parts of one test share, and nobody else",
        }
        for command in (["db", "migrate"], ["pools", "set", "workersai", "32", "requests in flight"]):
            subprocess.run(["airflow", *command], env=os.environ | made.environment, check=True, capture_output=True)
        for part in ("api-server", "scheduler", "dag-processor"):
            made.start("airflow", part, name=part)
        made.workers = [made.start(*_worker(name, home), name=name) for name in ("one", "two")]
        api = stack.enter_context(closing(Api(port)))
        until(lambda: api.healthy("scheduler", "dag_processor"))
        api.log_in()
        yield made, api


def _worker(name: str, home: Path) -> Sequence[str]:
    settings = ("--concurrency", "2", "--skip-serve-logs", "--pid", str(home / f"{name}.pid"))
    return ("airflow", "celery", "worker", "--celery-hostname", f"{name}@%h", *settings)


def _postgres(made: Cluster, stack: ExitStack) -> str:
    """A database server that only this test knows; returns its address. It refuses to run as root."""
    folder, port = stack.enter_context(TemporaryDirectory(prefix="extractor-postgres-")), free_port()
    user = "postgres" if os.getuid() == 0 else None
    if user:
        os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
    assert INITDB is not None
    subprocess.run(
        [INITDB, "-D", folder, "-U", "airflow", "--auth=trust", "-N"], user=user, check=True, capture_output=True
    )
    where = ("-D", folder, "-p", str(port), "-k", folder)
    made.start(str(INITDB.with_name("postgres")), *where, "-c", "fsync=off", name="postgres", user=user)
    ready = [str(INITDB.with_name("pg_isready")), "-h", "127.0.0.1", "-p", str(port)]
    until(lambda: subprocess.run(ready, check=False, capture_output=True).returncode == 0)
    return f"airflow@127.0.0.1:{port}/postgres"
