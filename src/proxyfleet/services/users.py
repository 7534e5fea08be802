"""Users of the gateway: adds, lists and removes them. How a key is hashed and where it is kept is given.

A password exists here only between being typed or made and being hashed.
"""

import re
import secrets
from collections.abc import Callable
from typing import Final

from proxyfleet.core.errors import FleetError
from proxyfleet.ports import GatewayUser, Journal

_NAME: Final = re.compile(r"[A-Za-z0-9_.]{1,64}")
LONGEST_PASSWORD: Final = 256


class BadUser(FleetError):
    """A user name or password that cannot be used at the gateway."""

    code = "bad_user"


class UnknownUser(FleetError):
    """There is nobody of that name."""

    code = "unknown_user"


def check_name(name: str) -> str:
    """The name itself; `BadUser` with the remedy when the gateway could not read it (SPEC rule 13)."""
    if "-" in name:
        raise BadUser(f"user name {name!r} contains '-', which separates parameters at the gateway; use '_' instead")
    if not _NAME.fullmatch(name):
        raise BadUser(f"user name {name!r} cannot be used; take 1 to 64 letters, digits, '_' or '.'")
    return name


def check_password(password: str) -> str:
    """The password itself; `BadUser` for one that no client could send."""
    if not password:
        raise BadUser("the password is empty; give one, or none to have one made")
    if len(password) > LONGEST_PASSWORD or not password.isprintable():
        raise BadUser(f"the password cannot be used; take up to {LONGEST_PASSWORD} printable characters")
    return password


def new_password() -> str:
    """160 bits as 27 letters, digits, `_` and `-`: nothing that a URL would have to escape."""
    return secrets.token_urlsafe(20)


async def add_user(
    journal: Journal, name: str, hash_key: Callable[[str, bytes], str], password: str | None = None
) -> tuple[str, bool]:
    """Add a user or set a new password; (the password, whether somebody of that name was there before)."""
    check_name(name)
    key = new_password() if password is None else check_password(password)
    known = any(user.name == name for user in await journal.users())
    await journal.put_user(GatewayUser(name, hash_key(key, secrets.token_bytes(16))))
    return key, known


async def remove_user(journal: Journal, name: str) -> None:
    """Take a user out; raises `UnknownUser`."""
    if not await journal.remove_user(name):
        raise UnknownUser(f"there is no gateway user {name!r}; `proxyfleet user list` shows who there is")
