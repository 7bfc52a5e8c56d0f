"""CPU time of `import extractor` beside `import pydantic`, and of `extractor --help` beside `import typer, pydantic`.

    python benchmarks/importing.py [RUNS]

Each is a fresh interpreter; the runs take turns, so that a drifting machine meets all of them alike. Prints the
median of user and system seconds, and the two ratios.
"""

from __future__ import annotations

import os
import subprocess
import sys
from statistics import median

COMMANDS = {
    "import pydantic": [sys.executable, "-c", "import pydantic; pydantic.BaseModel"],
    "import extractor": [sys.executable, "-c", "import extractor"],
    "import extractor and use its names": [sys.executable, "-c", "from extractor import compile_schema, Key"],
    "import typer, pydantic": [sys.executable, "-c", "import typer, pydantic; pydantic.BaseModel"],
    "extractor --help": [sys.executable, "-m", "extractor", "--help"],
}


def cpu_seconds(command: list[str]) -> float:
    """User and system time of one finished process."""
    before = os.times()
    subprocess.run(command, check=True, capture_output=True)
    after = os.times()
    return after.children_user - before.children_user + after.children_system - before.children_system


def main(runs: int) -> None:
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(runs):
        for name, command in COMMANDS.items():
            taken[name].append(cpu_seconds(command))
    middle = {name: median(times) for name, times in taken.items()}
    for name, seconds in middle.items():
        print(f"{name:36} {seconds * 1000:7.0f} ms")
    print(f"import: {middle['import extractor'] / middle['import pydantic']:.2f} of pydantic's")
    print(f"--help: {middle['extractor --help'] / middle['import typer, pydantic']:.2f} of typer's and pydantic's")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 11)
