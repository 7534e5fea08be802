"""A real command with its proxy in the environment: recorded, ended, and told when it cannot be run."""

import asyncio
import sys

import pytest

from proxyfleet import Fleet
from proxyfleet.assembly.commands import CommandFailed, CommandWorker, environment_of, kept
from proxyfleet.assembly.opening import opened
from proxyfleet.lab.builders import a_proxy
from proxyfleet.settings.schema import Settings

OWN = {"PATH": "/usr/bin:/bin", "HTTP_PROXY": "http://old", "no_proxy": "*", "KEPT": "1", "PROXYFLEET_LEASE": "old"}


@pytest.fixture
async def fleet(tmp_path):
    settings = Settings(f"sqlite:///{tmp_path}/fleet.db", data_folder=tmp_path, key_default=tmp_path / "k" / "key")
    async with opened(settings) as found:
        await found.store.put([a_proxy(1, username="u", password="p")])
    async with Fleet.open(settings=settings) as made:
        yield made


@pytest.fixture
async def keeper():
    async with kept() as made:
        yield made


async def test_the_environment_names_the_proxy_in_every_usual_way(fleet):
    (proxy,) = await fleet.acquire()
    made = environment_of(OWN, proxy, "direct")
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        assert made[name] == proxy.proxy_url
    assert (made["PROXYFLEET_LEASE"], made["KEPT"]) == (proxy.token, "1")
    assert "no_proxy" not in made
    assert environment_of(OWN, proxy, "gateway")["HTTP_PROXY"] == proxy.gateway_url
    assert environment_of(OWN, None, "direct") == {"PATH": OWN["PATH"], "KEPT": "1", "no_proxy": "*"}


async def test_a_command_runs_and_its_failure_is_told(fleet, keeper, tmp_path):
    (proxy,) = await fleet.acquire()
    out = tmp_path / "out"
    code = f"import os; open({str(out)!r}, 'w').write(os.environ['HTTPS_PROXY'] + os.environ['PROXYFLEET_LEASE'])"
    await CommandWorker(fleet, [sys.executable, "-c", code], OWN, "direct", keeper)(proxy)
    assert out.read_text() == proxy.proxy_url + proxy.token
    with pytest.raises(CommandFailed, match="exit code 3"):
        await CommandWorker(fleet, ["sh", "-c", "exit 3"], OWN, "direct", keeper)(proxy)
    assert fleet.leasing.fleet.health(1, 0.0).failures == 0


async def test_a_command_may_name_the_proxy_as_the_fault(fleet, keeper):
    (proxy,) = await fleet.acquire()
    with pytest.raises(CommandFailed):
        await CommandWorker(fleet, ["sh", "-c", "echo connect > $PROXYFLEET_REPORT; exit 1"], OWN, "direct", keeper)(
            proxy
        )
    assert fleet.leasing.fleet.health(1, 0.0).last_error == "connect"
    with pytest.raises(CommandFailed):
        await CommandWorker(fleet, ["sh", "-c", "echo nonsense > $PROXYFLEET_REPORT; exit 1"], OWN, "direct", keeper)(
            proxy
        )
    assert fleet.leasing.fleet.health(1, 0.0).failures == 1


async def test_a_cancelled_command_is_ended_with_what_it_started(fleet, keeper, tmp_path):
    (proxy,) = await fleet.acquire()
    pids = tmp_path / "pids"
    script = f"sleep 60 & echo $! $$ > {pids}; wait"
    running = asyncio.ensure_future(CommandWorker(fleet, ["sh", "-c", script], OWN, "direct", keeper)(proxy))
    while not pids.exists() or not pids.read_text().strip():  # noqa: ASYNC110 - a process has to start
        await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait([running])
    assert running.cancelled()
    for pid in pids.read_text().split():
        for _ in range(200):
            if not alive(pid):
                break
            await asyncio.sleep(0.01)
        assert not alive(pid)


def alive(pid: str) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False
