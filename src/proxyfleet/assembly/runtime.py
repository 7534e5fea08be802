"""The small file by which the command line finds the running node of a store: address and token, mode 0600, gone at the end."""

import json
import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from proxyfleet.core.errors import FleetError
from proxyfleet.settings.places import node_name, sqlite_file
from proxyfleet.settings.schema import Settings


class NodeFileError(FleetError):
    """A node file that was named but cannot be used."""

    code = "node_file"


class NodeAddress(NamedTuple):
    """Where a node answers, and the token that it wants to see."""

    url: str
    token: str

    def __repr__(self) -> str:
        return f"NodeAddress({self.url!r}, '***')"


def node_file(settings: Settings, member: int = 0) -> Path:
    """`FILE.node.json` beside the database; for a store that is no file it lies in the data folder.

    `member`: of several processes the first has this file, the others have `FILE.node.1.json` and so on.
    """
    database = sqlite_file(settings.store)
    suffix = f".node.{member}.json" if member else ".node.json"
    if database is None:
        return settings.data_folder / f"{node_name(settings.store)}{suffix}"
    return database.with_name(database.name + suffix)


def member_files(first: Path) -> list[Path]:
    """The files of all processes that serve together, `first` being that of the first one."""
    stem = first.name.removesuffix(".json")
    others = [one for one in first.parent.glob(f"{stem}.*.json") if one.name[len(stem) + 1 : -5].isdigit()]
    return [first, *sorted(others)]


def write_node_file(path: Path, address: NodeAddress) -> None:
    """Whole or not at all, readable by this user only; a later node of the same store takes over."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(handle, "w", encoding="utf-8") as file:
        json.dump({"url": address.url, "token": address.token, "pid": os.getpid()}, file)
    draft.replace(path)


def remove_node_file(path: Path, address: NodeAddress) -> None:
    """Take the file away unless another node has taken over."""
    try:
        if read_node_file(path).token == address.token:
            path.unlink(missing_ok=True)
    except NodeFileError:
        return


def living(path: Path) -> bool:
    """Whether the process that wrote the file is there; one that was killed leaves its file behind."""
    try:
        pid = int(json.loads(path.read_text(encoding="utf-8"))["pid"])
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return True


def read_node_file(path: Path) -> NodeAddress:
    """Raises `NodeFileError` when there is none or it is not one of ours."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        address = NodeAddress(str(told["url"]), str(told["token"]))
    except OSError as error:
        raise NodeFileError(f"no node file at {path} ({error.strerror}); is `proxyfleet serve` running?") from None
    except (ValueError, KeyError, TypeError):
        raise NodeFileError(f"{path} is not the file of a node; start `proxyfleet serve` again") from None
    parts = urlsplit(address.url)
    if parts.scheme != "http" or parts.hostname is None:
        raise NodeFileError(f"{path} names no http address; start `proxyfleet serve` again")
    return address
