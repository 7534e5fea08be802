"""The small file by which the command line finds the running node of a store: address and token, mode 0600, gone at the end."""

import json
import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from proxyfleet.core.errors import FleetError
from proxyfleet.settings.places import sqlite_file
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


def node_file(settings: Settings) -> Path:
    """`FILE.node.json` beside the database; for a store in memory it lies in the data folder."""
    database = sqlite_file(settings.store)
    if database is None:
        return settings.data_folder / "memory.node.json"
    return database.with_name(database.name + ".node.json")


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
