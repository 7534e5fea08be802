"""What `doctor` looks at, one function per question. Looks only: no check changes anything but an empty store's existence."""

import errno
import socket
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Final, Literal, NamedTuple

from proxyfleet.clock import wall_clock
from proxyfleet.core.errors import FleetError
from proxyfleet.gateway.server import is_loopback
from proxyfleet.settings import Loaded
from proxyfleet.settings.kinds import Address, address_text
from proxyfleet.settings.places import masked_url, sqlite_file
from proxyfleet.settings.schema import Settings

from .answering import OFF
from .asking import find_node
from .opening import opened
from .runtime import node_file

Result = Literal["ok", "warn", "fail"]
OLDEST_PYTHON: Final = (3, 11)


class Check(NamedTuple):
    """One finding; `remedy` is empty where nothing has to be done."""

    name: str
    result: Result
    found: str
    remedy: str = ""


async def checkup(loaded: Loaded) -> list[Check]:
    """Every check, whatever the earlier ones have found."""
    settings = loaded.settings
    serving = await _node(loaded)
    plain = [_python(), _sqlite(), _clock(), *_settings(loaded)]
    ports = [] if serving.result == "ok" else _ports(settings)
    return [*plain, *await _store(settings), _key(settings), *ports, serving]


def _python() -> Check:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < OLDEST_PYTHON:
        return Check("python", "fail", version, "install Python 3.11 or newer")
    return Check("python", "ok", version)


def _sqlite() -> Check:
    """The wheel of apsw brings its own SQLite, and is numbered like it."""
    try:
        version = metadata.version("apsw")
        from proxyfleet.stores.sql.opening import refuse_old

        refuse_old(version)
    except ImportError:
        return Check("sqlite", "fail", "apsw is not installed", "install proxyfleet again, with its dependencies")
    except FleetError as error:
        return _failed("sqlite", error)
    return Check("sqlite", "ok", version)


def _clock() -> Check:
    """Expiry and health need a clock that is roughly right; this program cannot be younger than its files."""
    now, made = wall_clock(), Path(__file__).stat().st_mtime
    shown = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    if now + 86_400 < made:
        return Check("clock", "fail", shown, "it is earlier than this program's own files: set the clock")
    return Check("clock", "ok", shown)


def _settings(loaded: Loaded) -> list[Check]:
    odd = [Check("settings", "warn", warning, "remove or correct it") for warning in loaded.warnings]
    return odd or [Check("settings", "ok", f"{len(loaded.origins)} set, the others at their defaults")]


async def _store(settings: Settings) -> list[Check]:
    shown = masked_url(settings.store)
    if sqlite_file(settings.store) is None:
        return [
            Check(
                "store", "warn", shown, "a fleet in memory ends with its process; use --store sqlite:///FILE to keep it"
            )
        ]
    try:
        async with opened(settings) as found:
            proxies = sum([len(batch) async for batch in found.store.proxies()])
            users = len(await found.store.users())
    except FleetError as error:
        return [_failed("store", error)]
    empty = "" if proxies else "`proxyfleet import FILE` adds some"
    told = [Check("store", "ok", shown), Check("proxies", "ok" if proxies else "warn", str(proxies), empty)]
    return [*told, _users(settings, users)]


def _users(settings: Settings, users: int) -> Check:
    if users:
        return Check("users", "ok", str(users))
    remedy = "`proxyfleet user add NAME` makes the gateway ask who is there"
    if is_loopback(settings.gateway.listen[0]) or settings.gateway.allow_clients:
        return Check("users", "warn", "0: everybody who can connect may use it", remedy)
    return Check("users", "fail", f"0, and it is to listen on {address_text(settings.gateway.listen)}", remedy)


def _key(settings: Settings) -> Check:
    if settings.key is not None:
        return Check("key", "ok", "from PROXYFLEET_KEY")
    path = Path(settings.key_file).expanduser() if settings.key_file else settings.key_default
    if path is not None and path.exists():
        return Check("key", "ok", str(path), "keep a copy elsewhere: without it the passwords are lost")
    return Check("key", "warn", f"none yet; {path} is made with the first password", "then keep a copy of it elsewhere")


def _ports(settings: Settings) -> list[Check]:
    wanted = [("gateway port", settings.gateway.listen), ("control port", settings.gateway.control)]
    return [_port(name, address) for name, address in wanted if address is not None]


def _port(name: str, address: Address) -> Check:
    shown = address_text(address)
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        taken = error.errno == errno.EADDRINUSE
        told = f"{shown} is taken" if taken else f"{shown} cannot be used ({error.strerror or error})"
        return Check(name, "fail", told, "stop the other program, or choose another address")
    return Check(name, "ok", f"{shown} is free")


async def _node(loaded: Loaded) -> Check:
    try:
        named = loaded.node if loaded.node != OFF else None
        node = find_node(named, loaded.node_token, node_file(loaded.settings))
    except FleetError as error:
        return _failed("node", error)
    if node is None or not await node.lives():
        return Check("node", "warn", "none is running on this store", "`proxyfleet serve` starts one")
    return Check("node", "ok", f"runs at {node.address.url}")


def _failed(name: str, error: FleetError) -> Check:
    cause, _, remedy = str(error).partition("; ")
    return Check(name, "fail", cause, remedy)
