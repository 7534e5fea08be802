"""What `doctor` looks at, one function per question. Looks only: no check makes or changes anything."""

import errno
import os
import socket
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

from proxyfleet.clock import wall_clock
from proxyfleet.core.errors import FleetError, SecretLost
from proxyfleet.core.proxy import Proxy
from proxyfleet.gateway.door import keeps_out
from proxyfleet.gateway.server import is_loopback
from proxyfleet.services.exits import counted, exit_of
from proxyfleet.settings import Loaded
from proxyfleet.settings.kinds import Address, address_text
from proxyfleet.settings.places import MEMORY, masked_url, sqlite_file
from proxyfleet.settings.schema import Settings
from proxyfleet.stores.errors import NoDatabase

from .answering import OFF
from .asking import find_node
from .opening import is_missing, opened
from .runtime import node_file

if TYPE_CHECKING:
    from .sheeting import SheetSide

Result = Literal["ok", "warn", "fail"]
MOST_SHOWN: Final = 10
OLDEST_PYTHON: Final = (3, 11)
IMPORT: Final = "`proxyfleet import FILE` adds some"


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
    path = sqlite_file(settings.store)
    if settings.store in MEMORY:
        return [
            Check(
                "store", "warn", shown, "a fleet in memory ends with its process; use --store sqlite:///FILE to keep it"
            )
        ]
    if path is not None and is_missing(path):
        return [*_absent(path), _users(settings, 0)]
    try:
        async with opened(settings, missing="refuse") as found:
            proxies, lost, exits = 0, list[int](), list[str]()
            async for batch in found.store.proxies():
                proxies += len(batch)
                lost += [proxy.id for proxy in batch if not _opens(proxy)]
                exits += [found_exit for proxy in batch if (found_exit := exit_of(proxy))]
            users = len(await found.store.users())
            promise = found.promise
            sheet = await _sheet(found.sheet)
    except NoDatabase as error:
        return [_failed("store", error)._replace(result="warn"), _proxies(0), _users(settings, 0)]
    except FleetError as error:
        return [_failed("store", error)]
    claims = [Check("claims", "ok", f"{masked_url(settings.claims)}: {promise}")] if promise else []
    return [
        Check("store", "ok", shown),
        *claims,
        *sheet,
        _proxies(proxies),
        *([] if settings.rules.share_exits else _exits(exits)),
        *_lost(lost),
        _users(settings, users),
    ]


async def _sheet(side: "SheetSide | None") -> list[Check]:
    """Whether the key of the connected sheet can be used, and how the last exchange went; Google is not asked."""
    if side is None:
        return []
    try:
        await side.google.load()
    except FleetError as error:
        return [_failed("sheet", error)]
    last = await side.last()
    if "error" in last:
        cause, _, remedy = str(last["error"]).partition("; ")
        return [Check("sheet", "warn", f"the last exchange failed: {cause}", remedy or "`proxyfleet sheet status`")]
    return [Check("sheet", "ok", f"{side.link.title}, tab {side.link.tab}")]


def _opens(proxy: Proxy) -> bool:
    """Whether its secrets can be read."""
    url = None if proxy.details is None else proxy.details.refresh_url
    try:
        for secret in (proxy.password, url):
            if secret is not None:
                secret.reveal()
    except SecretLost:
        return False
    return True


def _lost(ids: list[int]) -> list[Check]:
    if not ids:
        return []
    shown = ", ".join(map(str, ids[:MOST_SHOWN])) + (f" and {len(ids) - MOST_SHOWN} more" * (len(ids) > MOST_SHOWN))
    remedy = "restore a backup, or set them: proxyfleet set id=N password=..."
    return [Check("passwords", "fail", f"those of proxies {shown} cannot be opened", remedy)]


def _exits(exits: list[str]) -> list[Check]:
    """Entries that leave through one address look like several proxies to us, and like one to every site."""
    told = counted(exits)
    if not told["shared_exits"]:
        return []
    found = (
        f"{told['behind_shared_exits']} proxies share {told['shared_exits']} exit addresses, each with its own capacity"
    )
    remedy = "`proxyfleet list --by-exit` names them; rules.share_exits = true lets them share one capacity"
    return [Check("exits", "warn", found, remedy)]


def _absent(path: Path) -> list[Check]:
    """No database yet: whether there can be one."""
    folder = next(one for one in path.parents if one.exists())
    if not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        told = f"there is no database at {path}, and this user cannot make one there"
        return [Check("store", "fail", told, "give a path this user may write to"), _proxies(0)]
    return [
        Check("store", "warn", f"there is no database at {path} yet", "`proxyfleet import FILE` makes it"),
        _proxies(0),
    ]


def _proxies(count: int) -> Check:
    return Check("proxies", "ok", str(count)) if count else Check("proxies", "warn", "0", IMPORT)


def _users(settings: Settings, users: int) -> Check:
    if users:
        return Check("users", "ok", str(users))
    remedy = "`proxyfleet user add NAME` makes the gateway ask who is there"
    if is_loopback(settings.gateway.listen[0]) or keeps_out(settings.gateway.allow_clients):
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
