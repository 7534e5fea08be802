"""Tasks: named, referenced, a crash is told, closing leaves none."""

import asyncio
import logging

import pytest

from proxyfleet.tasks import Tasks


async def test_a_task_has_its_name_and_is_held_until_it_ends() -> None:
    tasks, go_on = Tasks(), asyncio.Event()
    task = tasks.spawn(go_on.wait(), name="waiter")
    assert (task.get_name(), len(tasks)) == ("waiter", 1)
    go_on.set()
    assert await task is True
    await asyncio.sleep(0)
    assert len(tasks) == 0


async def test_a_crash_is_logged_with_the_name_of_the_task(caplog: pytest.LogCaptureFixture) -> None:
    async def crash() -> None:
        raise LookupError("no such thing")

    tasks = Tasks()
    with caplog.at_level(logging.ERROR, "proxyfleet.tasks"):
        await asyncio.wait([tasks.spawn(crash(), name="crasher")])
        await asyncio.sleep(0)
    assert [record.getMessage() for record in caplog.records] == ["task crasher ended by LookupError: no such thing"]
    assert len(tasks) == 0


async def test_closing_cancels_and_awaits_what_runs(caplog: pytest.LogCaptureFixture) -> None:
    ended: list[str] = []

    async def run(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append(name)

    tasks = Tasks()
    running = [tasks.spawn(run(name), name=name) for name in "ab"]
    await asyncio.sleep(0)
    await tasks.close()
    assert sorted(ended) == ["a", "b"]
    assert all(task.cancelled() for task in running)
    assert (len(tasks), caplog.records) == (0, [])
    await tasks.close()
