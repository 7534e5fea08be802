"""Users of the gateway: adds, changes and removes them. How a key is hashed and where it is kept is given.

A password exists here only between being typed or made and being hashed.
"""

import ipaddress
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Final, NamedTuple

from proxyfleet.core.errors import FleetError
from proxyfleet.core.selector import Selector
from proxyfleet.ports import GatewayUser, Journal

_NAME: Final = re.compile(r"[A-Za-z0-9_.]{1,64}")
LONGEST_PASSWORD: Final = 256
LEASE_USER: Final = "lease"


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
    if name == LEASE_USER:
        raise BadUser(f"user name {name!r} is how leases log in; take another one")
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


class Rules(NamedTuple):
    """What a user may do, as far as it is to be changed; None leaves it as it is. See `ports.GatewayUser`."""

    selector: str | None = None
    clients: tuple[str, ...] | None = None
    concurrency: int | None = None
    rate: float | None = None
    bytes_per_minute: int | None = None

    def checked(self) -> "Rules":
        """With networks in their plain spelling; raises `BadUser` or `BadSelector` for what could not be kept to."""
        if self.selector:
            Selector.parse(self.selector)
        for name in ("concurrency", "rate", "bytes_per_minute"):
            if (getattr(self, name) or 0) < 0:
                raise BadUser(f"{name.replace('_', ' ')} must not be negative; 0 takes the limit away")
        if self.clients is None:
            return self
        try:
            return self._replace(clients=tuple(str(ipaddress.ip_network(one)) for one in self.clients))
        except ValueError as problem:
            raise BadUser(f"{problem}; give networks such as 10.0.0.0/8") from None

    def apply(self, user: GatewayUser) -> GatewayUser:
        """The user with what is said here."""
        said = {name: value for name, value in self._asdict().items() if value is not None}
        return replace(user, **said)


UNCHANGED: Final = Rules()


async def add_user(
    journal: Journal,
    name: str,
    hash_key: Callable[[str, bytes], str],
    password: str | None = None,
    rules: Rules = UNCHANGED,
) -> tuple[str, bool]:
    """Add a user or set a new password; (the password, whether somebody of that name was there before).

    A known user keeps what `rules` does not mention.
    """
    check_name(name)
    rules = rules.checked()
    key = new_password() if password is None else check_password(password)
    known = next((user for user in await journal.users() if user.name == name), None)
    hashed = hash_key(key, secrets.token_bytes(16))
    user = GatewayUser(name, hashed) if known is None else replace(known, key_hash=hashed)
    await journal.put_user(rules.apply(user))
    return key, known is not None


async def change_user(journal: Journal, name: str, rules: Rules) -> GatewayUser:
    """Change what a user may do; the user as it is then. Raises `UnknownUser`."""
    rules = rules.checked()
    known = next((user for user in await journal.users() if user.name == name), None)
    if known is None:
        raise UnknownUser(f"there is no gateway user {name!r}; `proxyfleet user list` shows who there is")
    user = rules.apply(known)
    await journal.put_user(user)
    return user


async def remove_user(journal: Journal, name: str) -> None:
    """Take a user out; raises `UnknownUser`."""
    if not await journal.remove_user(name):
        raise UnknownUser(f"there is no gateway user {name!r}; `proxyfleet user list` shows who there is")
