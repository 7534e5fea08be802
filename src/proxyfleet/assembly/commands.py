"""Runs a command as a worker of a session: its proxy in the environment, ended with it. Knows nothing of leases' making."""

import asyncio
import os
import shutil
import signal
import sys
import tempfile
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Final

from proxyfleet.core.outcome import Category, Outcome

from . import keeper
from .fleet import Fleet
from .leased import LeasedProxy

NAMES: Final = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
BYPASS: Final = ("NO_PROXY", "no_proxy")
PATIENCE: Final = 5.0
"""Seconds between SIGTERM and SIGKILL of a command."""
LOOK_EVERY: Final = 0.05
"""Seconds between two looks whether what a command has started is gone."""


class CommandFailed(Exception):
    """A command ended with another exit code than 0; `returncode` below 0 is a signal."""

    def __init__(self, command: str, returncode: int) -> None:
        ended = f"signal {-returncode}" if returncode < 0 else f"exit code {returncode}"
        super().__init__(f"{command} ended with {ended}")
        self.returncode = returncode


class Keeper:
    """Tells a process of its own which commands run, so that it ends them when this one is killed; see `kept`."""

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe

    def watch(self, process: Process) -> None:
        """End it, with all that it starts, if we are gone."""
        self._tell(f"+{process.pid}\n")

    def forget(self, process: Process) -> None:
        """Nobody of it is left: its number may be another's soon."""
        self._tell(f"-{process.pid}\n")

    def _tell(self, line: str) -> None:
        with suppress(BrokenPipeError):  # somebody has killed it; the commands run all the same
            os.write(self._pipe, line.encode())


@asynccontextmanager
async def kept() -> AsyncIterator[Keeper]:
    """A keeper for the time of the body; in a session of its own, for a terminal kills whole groups."""
    reading, writing = os.pipe()
    try:
        process = await _start_keeper(reading)
        yield Keeper(writing)
    finally:
        os.close(writing)
    await process.wait()


async def _start_keeper(reading: int) -> Process:
    command = (sys.executable, "-I", "-S", keeper.__file__, str(PATIENCE))
    try:
        return await asyncio.create_subprocess_exec(
            *command, stdin=reading, stdout=DEVNULL, stderr=DEVNULL, start_new_session=True
        )
    finally:
        os.close(reading)


class CommandWorker:
    """`via` is `direct` or `gateway`. The command may write a failure's category to the file named in PROXYFLEET_REPORT."""

    def __init__(
        self, fleet: Fleet, command: Sequence[str], environment: Mapping[str, str], via: str, keeper: Keeper
    ) -> None:
        self._fleet = fleet
        self._command = command
        self._environment = environment
        self._via = via
        self._keeper = keeper

    async def __call__(self, proxy: LeasedProxy | None) -> None:
        """One run of the command. Raises `CommandFailed`; cancelled, it ends the command first."""
        with tempfile.TemporaryDirectory(prefix="proxyfleet-") as folder:
            report = Path(folder, "report")
            environment = environment_of(self._environment, proxy, self._via) | {"PROXYFLEET_REPORT": str(report)}
            process = await self._start(environment)
            self._keeper.watch(process)
            try:
                code = await process.wait()
            finally:
                await end(process)
                self._keeper.forget(process)
            if proxy is not None:
                self._record(proxy, report)
            if code:
                raise CommandFailed(self._command[0], code)

    async def _start(self, environment: dict[str, str]) -> Process:
        try:
            return await asyncio.create_subprocess_exec(
                *mortal(), *self._command, env=environment, stdin=DEVNULL, start_new_session=True
            )
        except OSError as error:
            raise OSError(
                f"{self._command[0]} cannot be run: {error.strerror}; check the name and its rights"
            ) from None

    def _record(self, proxy: LeasedProxy, report: Path) -> None:
        """A proxy is marked only if the command names the fault."""
        with suppress(OSError, ValueError):
            self._fleet.record(proxy, Outcome.failed(Category(report.read_text(encoding="utf-8")[:64].strip())))


def mortal() -> tuple[str, ...]:
    """What to put before a command so that it ends when this process dies, where the system has it (Linux, util-linux).

    It is there from the first moment on; what the command starts is the keeper's.
    """
    setpriv = shutil.which("setpriv")
    return () if setpriv is None else (setpriv, "--pdeathsig", "TERM", "--")


def environment_of(own: Mapping[str, str], proxy: LeasedProxy | None, via: str) -> dict[str, str]:
    """The environment of a command: its proxy under every usual name, and its lease; without a proxy none of them."""
    ours = {*NAMES, *(name.lower() for name in NAMES), "PROXYFLEET_LEASE"}
    environment = {name: value for name, value in own.items() if name not in ours}
    if proxy is None:
        return environment
    for name in BYPASS:
        environment.pop(name, None)
    url = proxy.gateway_url if via == "gateway" else proxy.proxy_url
    for name in NAMES:
        environment[name] = environment[name.lower()] = url or ""
    return environment | {"PROXYFLEET_LEASE": proxy.token}


async def end(process: Process) -> None:
    """SIGTERM to the command and what it started; SIGKILL to those that do not listen, or at once when cancelled again.

    What a command has left behind ends with it: the proxy is another's from now on. Daemons leave the group by themselves.
    """
    if not send(process, signal.SIGTERM):
        return
    try:
        async with asyncio.timeout(PATIENCE):
            await process.wait()
            while send(process, None):  # noqa: ASYNC110 - no event tells
                await asyncio.sleep(LOOK_EVERY)
    except (TimeoutError, asyncio.CancelledError):
        send(process, signal.SIGKILL)
        await process.wait()


def send(process: Process, number: signal.Signals | None) -> bool:
    """A signal to the command's whole group; whether there is anybody in it."""
    try:
        os.killpg(process.pid, number or 0)
    except (ProcessLookupError, PermissionError):
        return False
    return True
