"""`run` as people use it: twelve copies of curl over the lab's proxies, stopped with a signal, killed without one."""

import asyncio
import collections
import os
import signal
import time

import pytest
from tests.acceptance.program import Program

from proxyfleet.lab import Lab

STORE = ("--store", "sqlite:///fleet.db")


async def filled(program, lab):
    lines = "\n".join(lab.lines())
    done = await asyncio.to_thread(program.run, "import", "-", "--allow-private", *STORE, text=lines)
    assert done.returncode == 0, done.stderr


async def test_twelve_copies_leave_through_twelve_slots_and_never_more_than_five_on_one(tmp_path):
    program = Program(tmp_path)
    async with Lab(http=3, username="lab", password="lab") as lab:
        await filled(program, lab)
        url = f"{lab.target.url}/headers"
        done = await asyncio.to_thread(
            program.run, "run", "--size", "12", *STORE, "--", "curl", "-sS", "-m", "20", "--noproxy", "", url
        )
        assert done.returncode == 0, done.stderr
        exits = collections.Counter(visit.proxy for visit in lab.target.requests)
    assert exits.total() == 12
    assert None not in exits, "nothing went directly"
    assert max(exits.values()) <= 5
    assert len(exits) == 3
    assert program.json("leases", *STORE) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_stops_every_copy_and_gives_everything_back(tmp_path, number):
    program = Program(tmp_path)
    async with Lab(http=2) as lab:
        await filled(program, lab)
        process = await asyncio.create_subprocess_exec(
            *program.command("run", "--size", "6", *STORE, "--", "sh", "-c", "echo $$ >> pids; exec sleep 60"),
            cwd=tmp_path, env=program.environment, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        pids = await copies(tmp_path, 6)
        assert len(await asyncio.to_thread(program.json, "leases", *STORE)) == 6
        process.send_signal(number)
        _, told = await asyncio.wait_for(process.communicate(), 20)
        assert process.returncode == 128 + number
        assert b"stopping" in told
    assert not any(lives(pid) for pid in pids)
    assert program.json("leases", *STORE) == []


async def test_a_second_signal_ends_copies_that_do_not_listen_and_gives_everything_back(tmp_path):
    program = Program(tmp_path)
    async with Lab(http=2) as lab:
        await filled(program, lab)
        stubborn = "trap '' TERM; sleep 60 & echo $$ $! >> pids; while :; do wait; done"
        process = await asyncio.create_subprocess_exec(
            *program.command("run", "--size", "2", *STORE, "--", "sh", "-c", stubborn),
            cwd=tmp_path, env=program.environment, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        pids = await copies(tmp_path, 4)
        process.send_signal(signal.SIGINT)
        while b"stopping" not in await asyncio.wait_for(process.stderr.readline(), 20):
            pass
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.communicate(), 4)  # sooner than the five seconds of patience
        assert process.returncode == 130
    assert not any(lives(pid) for pid in pids)
    assert program.json("leases", *STORE) == []


async def test_what_a_copy_leaves_behind_ends_with_its_lease(tmp_path):
    program = Program(tmp_path)
    async with Lab(http=1) as lab:
        await filled(program, lab)
        leaving = "sleep 60 & echo $! >> pids"
        done = await asyncio.to_thread(program.run, "run", *STORE, "--", "sh", "-c", leaving)
        assert done.returncode == 0, done.stderr
    (pid,) = await copies(tmp_path, 1)
    assert not lives(pid)


async def test_killed_without_a_word_the_copies_end_and_the_slots_are_free_after_the_ttl(tmp_path):
    program = Program(tmp_path)
    async with Lab(http=1) as lab:
        await filled(program, lab)
        process = await asyncio.create_subprocess_exec(
            *program.command("run", "--size", "5", "--ttl", "3", *STORE, "--", "sh", "-c", "echo $$ >> pids; exec sleep 60"),
            cwd=tmp_path, env=program.environment, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        pids = await copies(tmp_path, 5)
        process.kill()
        await process.wait()
        killed = time.monotonic()
        while (await asyncio.to_thread(program.run, "lease", *STORE)).returncode:
            assert time.monotonic() - killed < 3 + 2 + 2, (
                "the slots are not free within TTL + 2 s (and a start of the program)"
            )
        assert not any(lives(pid) for pid in pids), "a copy must not go on without its lease"


@pytest.mark.parametrize("killed", ["the program", "its group", "the program while it stops"])
async def test_killed_without_a_word_what_the_copies_have_started_ends_too(tmp_path, killed):
    program = Program(tmp_path)
    family = "trap '' TERM; sh -c 'sleep 60 & echo $! >> pids; wait' & echo $$ $! >> pids; while :; do wait; done"
    async with Lab(http=1) as lab:
        await filled(program, lab)
        with (tmp_path / "told").open("wb") as told:
            process = await asyncio.create_subprocess_exec(
                *program.command("run", "--size", "2", *STORE, "--", "sh", "-c", family),
                cwd=tmp_path, env=program.environment, stderr=told, start_new_session=True,
            )  # fmt: skip
        pids = await copies(tmp_path, 6)
        try:
            if "stops" in killed:
                process.send_signal(signal.SIGTERM)
                await until(lambda: b"stopping" in (tmp_path / "told").read_bytes(), 20)
            (os.killpg if "group" in killed else os.kill)(process.pid, signal.SIGKILL)
            await process.wait()
            await until(lambda: not any(lives(pid) for pid in pids), 5 + 5)
        finally:
            for pid in filter(lives, pids):
                os.kill(int(pid), signal.SIGKILL)


async def until(true, seconds):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it has not come true in time"
        await asyncio.sleep(0.05)


async def copies(folder, count):
    for _ in range(400):
        found = (folder / "pids").read_text().split() if (folder / "pids").exists() else []
        if len(found) == count:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError("the copies did not start")


def lives(pid):
    try:
        os.kill(int(pid), 0)
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
