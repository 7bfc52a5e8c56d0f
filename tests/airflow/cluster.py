"""Airflow on CeleryExecutor: Redis, PostgreSQL, a scheduler and two workers, each in a process group of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.airflow.standalone import Api, free_port, holders, serving, until

INITDB = next(iter(sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)), None)
THERE = INITDB is not None and shutil.which("redis-server") is not None


class Cluster:
    """Starts and kills the parts; all of them end when it is left."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._home, self._stack = home, stack
        self.workers: list[subprocess.Popen[bytes]] = []
        self.environment: dict[str, str] = {}

    def start(self, *command: str, name: str, user: str | None = None) -> subprocess.Popen[bytes]:
        log = self._stack.enter_context((self._home / f"{name}.log").open("wb"))
        part = subprocess.Popen(
            command, env=os.environ | self.environment, stdout=log, stderr=log, start_new_session=True, user=user
        )
        self._stack.callback(end, part)
        return part

    def busy(self, number: int, out: Path) -> bool:
        """Whether a worker is at work in a folder below `out`."""
        working = {process for folder in out.glob("shards/*") for process in holders(folder)}
        return not working.isdisjoint(_sessions(self.workers[number].pid))

    def kill(self, number: int) -> None:
        """What a power cut does to one worker."""
        os.killpg(self.workers[number].pid, signal.SIGKILL)
        for process in _sessions(self.workers[number].pid):
            with suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def end(part: subprocess.Popen[bytes]) -> None:
    for blow in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(part.pid, blow)
        with suppress(subprocess.TimeoutExpired):
            part.wait(10)


def _sessions(leader: int) -> Iterator[int]:
    """All processes of a session, whatever their group: a worker's tasks have groups of their own."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if os.getsid(int(process.name)) == leader:
                yield int(process.name)


@contextmanager
def cluster(home: Path) -> Iterator[tuple[Cluster, Api]]:
    """A cluster with two workers that is ready to take runs."""
    with ExitStack() as stack:
        made = Cluster(home, stack)
        redis, port = free_port(), free_port()
        made.start("redis-server", "--port", str(redis), "--save", "", name="redis")
        database = _postgres(made, stack)
        made.environment = {
            **serving(port),
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{database}",
            "AIRFLOW__CELERY__BROKER_URL": f"redis://127.0.0.1:{redis}/0",
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql+psycopg2://{database}",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "15",
            "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "3",
            "AIRFLOW__API_AUTH__JWT_SECRET": "a secret that all parts of one test share, and nobody else",
        }
        subprocess.run(["airflow", "db", "migrate"], env=os.environ | made.environment, check=True, capture_output=True)
        for part in ("api-server", "scheduler", "dag-processor"):
            made.start("airflow", part, name=part)
        made.workers = [made.start(*_worker(name, home), name=name) for name in ("one", "two")]
        api = Api(port)
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
