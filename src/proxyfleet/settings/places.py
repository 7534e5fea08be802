"""Where things lie for this user: the data and configuration folders, and the file that a store URL names. Makes nothing."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

MEMORY: Final = ("memory:", "memory://")
SQLITE: Final = "sqlite:///"


def home(environment: Mapping[str, str]) -> Path:
    """The home folder, also where `HOME` is not set."""
    return Path(environment["HOME"]) if environment.get("HOME") else Path.home()


def data_folder(environment: Mapping[str, str]) -> Path:
    """`$XDG_DATA_HOME/proxyfleet`, or `~/.local/share/proxyfleet`; relative paths are ignored, as XDG demands."""
    wanted = environment.get("XDG_DATA_HOME", "")
    return (Path(wanted) if wanted.startswith("/") else home(environment) / ".local" / "share") / "proxyfleet"


def configuration_folder(environment: Mapping[str, str]) -> Path:
    """`$XDG_CONFIG_HOME/proxyfleet`, or `~/.config/proxyfleet`."""
    wanted = environment.get("XDG_CONFIG_HOME", "")
    return (Path(wanted) if wanted.startswith("/") else home(environment) / ".config") / "proxyfleet"


def store_problem(url: str) -> str | None:
    """What is wrong with a store URL; None when there is a store behind it."""
    if url in MEMORY or (url.startswith(SQLITE) and len(url) > len(SQLITE)):
        return None
    return f"no store is behind {masked_url(url)!r}; use sqlite:///FILE or memory:"


def sqlite_file(url: str) -> Path | None:
    """The database file: `sqlite:///fleet.db` lies in the working folder, `sqlite:////srv/fleet.db` has four slashes."""
    return None if url in MEMORY else Path(url.removeprefix(SQLITE)).expanduser().absolute()


def masked_url(url: str) -> str:
    """A URL without what stands before an `@`."""
    head, at, tail = url.rpartition("@")
    return f"{head.partition('://')[0]}://***@{tail}" if at else url
