"""Several processes on one port: a parent that starts them, starts again what ends, and passes signals on (SPEC G9).

Each process is a node of its own on the same store; the kernel spreads connections over them. The parent serves nothing:
it holds the port's number and a pipe to each, by whose end they notice when it is gone.
"""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from proxyfleet.core.errors import FleetError
from proxyfleet.gateway.errors import CannotListen
from proxyfleet.settings.kinds import Address, address_text
from proxyfleet.settings.schema import Settings
from proxyfleet.tasks import Tasks

from .loop import stop_on_signals

log = logging.getLogger("proxyfleet.processes")

MOST: Final = 64
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
LASTING: Final = 60.0
"""Seconds after which a process that ends counts as one that had started well."""
SPARE: Final = 10.0
"""Seconds beyond the drain until a process that does not end is killed."""
RELAYED: Final = ("gateway", "control", "store", "claims", "proxies", "access", "empty")

Tell = Callable[[str, str], None]


class NotShared(FleetError):
    """Several processes need a store that they share."""

    code = "bad_usage"


class Ended(FleetError):
    """A process could not start; it has said why itself."""

    code = "ended"

    def __init__(self, exit_code: int) -> None:
        super().__init__("a process could not start, see above")
        self.exit_code = exit_code


def check(settings: Settings, count: int) -> None:
    """Raises `NotShared` for what cannot be shared by that many processes."""
    if not 1 <= count <= MOST:
        raise NotShared(f"--processes {count} is out of range; use 1 to {MOST}")
    if count > 1 and settings.store.startswith("memory"):
        raise NotShared("several processes need a store that they share; give a file or a server by --store")


def reserved(address: Address) -> socket.socket:
    """A socket that keeps the port for the processes without listening on it. Raises `CannotListen`."""
    host, port = address
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        kept = socket.socket(found[0], socket.SOCK_STREAM)
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        kept.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        kept.bind(found[4])
    except OSError as error:
        cause = f"cannot listen on {address_text(address)} ({error.strerror})"
        raise CannotListen(cause, "stop the program that has it, or choose another port") from None
    return kept


class Supervisor:
    """`command` is how one process is started, without what tells it apart; `settings` are those of all of them."""

    def __init__(self, settings: Settings, count: int, command: Sequence[str], tell: Tell) -> None:
        self._settings = settings
        self._count = count
        self._command = command
        self._tell = tell
        self._tasks = Tasks()
        self._running: dict[int, asyncio.subprocess.Process] = {}
        self._ready: set[int] = set()
        self._begun: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        """None once all are ready, the exit code of the first that could not start."""
        self._stop = asyncio.Event()

    async def run(self) -> None:
        """Until SIGTERM or SIGINT. Raises `CannotListen`, and `Ended` when a process does not even start."""
        kept = reserved(self._settings.gateway.listen)
        try:
            stop_on_signals(self._stop)
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._signal, signal.SIGHUP)
            host, port = kept.getsockname()[:2]
            for number in range(self._count):
                self._tasks.spawn(self._keep(number, (str(host), int(port))), name=f"process {number}")
            await self._started()
            await self._stop.wait()
        finally:
            self._stop.set()
            await self._end()
            kept.close()

    async def _started(self) -> None:
        """Until all are ready, one could not start, or we are told to stop."""
        stopped = self._tasks.spawn(self._stop.wait(), name="stop")
        await asyncio.wait((self._begun, stopped), return_when=asyncio.FIRST_COMPLETED)
        if not self._begun.done():
            return
        code = self._begun.result()
        if isinstance(code, int):
            raise Ended(code)
        self._tell("processes", str(self._count))
        self._tell("ready", "")

    async def _keep(self, number: int, address: Address) -> None:
        """One process after the other under this number."""
        loop, wait = asyncio.get_running_loop(), FIRST_WAIT
        while not self._stop.is_set():
            begun = loop.time()
            code = await self._one(number, address)
            if self._stop.is_set():
                return
            if not self._begun.done():
                self._begun.set_result(code)
                return
            wait = FIRST_WAIT if loop.time() - begun >= LASTING else min(2 * wait, LONGEST_WAIT)
            log.error("action=restart process=%d code=%d wait=%.0f", number, code, wait)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stop.wait(), wait)

    async def _one(self, number: int, address: Address) -> int:
        own = ["--member", str(number), "--listen", address_text(address)]
        if number and self._settings.gateway.control is not None:
            own += ["--control", "127.0.0.1:0"]
        process = await asyncio.create_subprocess_exec(
            *self._command, *own, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
        )
        self._running[number] = process
        if self._stop.is_set():
            process.terminate()
        try:
            await self._listen_to(number, process)
            return await process.wait()
        finally:
            del self._running[number]

    async def _listen_to(self, number: int, process: asyncio.subprocess.Process) -> None:
        """What it says goes on to whoever reads us, once; later starts say nothing new."""
        if process.stdout is None:
            return
        while line := await process.stdout.readline():
            name, _, value = line.decode("utf-8", "replace").rstrip("\n").partition("  ")
            if name == "ready":
                self._ready.add(number)
                if len(self._ready) == self._count and not self._begun.done():
                    self._begun.set_result(None)
            elif number == 0 and name in RELAYED and not self._begun.done():
                self._tell(name, value)

    def _signal(self, number: signal.Signals) -> None:
        for process in self._running.values():
            with suppress(ProcessLookupError):
                process.send_signal(number)

    async def _end(self) -> None:
        """Everybody drains; whoever does not end in time is killed."""
        self._tell("draining", f"at most {self._settings.gateway.drain:g} s")
        self._signal(signal.SIGTERM)
        processes = list(self._running.values())
        try:
            async with asyncio.timeout(self._settings.gateway.drain + SPARE):
                for process in processes:
                    await process.wait()
        except TimeoutError:
            log.error("action=kill processes=%d", len(self._running))
            self._signal(signal.SIGKILL)
            for process in processes:
                await process.wait()
        await self._tasks.close()


async def supervise(settings: Settings, count: int, arguments: Sequence[str], tell: Tell) -> None:
    """Run so many nodes on the settings' port. `arguments` are those of this program, as it was called."""
    check(settings, count)
    await Supervisor(settings, count, [sys.executable, "-m", "proxyfleet", *arguments], tell).run()
