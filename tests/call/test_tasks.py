"""Tasks take turns where there is something to wait for, and nowhere else."""

from __future__ import annotations

import asyncio

import pytest

from extractor.call.connections import straight


def test_it_goes_straight_on() -> None:
    """Offers to let others run are passed over; where it has to wait, the others have their turn."""
    steps: list[str] = []

    async def work(name: str) -> str:
        for step in range(3):
            steps.append(f"{name}{step}")
            await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        steps.append(f"{name} end")
        return name

    async def run() -> list[str]:
        return await asyncio.gather(straight(work("a")), straight(work("b")))

    assert asyncio.run(run()) == ["a", "b"]
    assert steps == ["a0", "a1", "a2", "b0", "b1", "b2", "a end", "b end"]


def test_errors_pass() -> None:
    """What the work raises comes out, and what is thrown where it waits goes in."""
    steps: list[str] = []

    async def work() -> None:
        await asyncio.sleep(0)
        try:
            async with asyncio.timeout(0.001):
                await asyncio.get_running_loop().create_future()
        except TimeoutError:
            steps.append("late")
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            steps.append("cleaned up")

    async def run() -> None:
        task = asyncio.create_task(straight(work()))  # type: ignore[arg-type]
        while not steps:
            await asyncio.sleep(0.001)
        task.cancel()
        await task

    async def broken() -> None:
        raise ValueError("broken")

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(run())
    assert steps == ["late", "cleaned up"]
    with pytest.raises(ValueError, match="broken"):
        asyncio.run(_awaited(broken()))


async def _awaited(work: object) -> None:
    await straight(work)  # type: ignore[arg-type]
