"""The cold half of every proxy: what a dialer and a reader need, kept compactly and put together into a `Proxy` on demand.

Only storage: no health, no decisions. Most proxies have no rare details, many share user name and password.
"""

from collections.abc import Callable, Sequence

from proxyfleet.core.columns import CHECK_FIRST, DISABLED, GATED, INFINITY, PENDING, USED, Columns
from proxyfleet.core.profiles import Profiles
from proxyfleet.core.proxy import Details, Endpoint, Kind, Proxy, Secret, Status


class Records:
    """`write` and `read` by slot. Shared strings and secrets are stored once."""

    def __init__(self, columns: Columns, profiles: Profiles) -> None:
        self.columns = columns
        self.profiles = profiles
        self._hosts: list[str] = []
        self._usernames: list[str | None] = []
        self._passwords: list[Secret | None] = []
        self.details: dict[int, Details] = {}
        self.polite: dict[int, Details] = {}
        """Those among them that hold a proxy back; there are few, and every pick and request has to look."""
        self._last: tuple[str | None, Secret | None] = (None, None)

    def grow(self, size: int) -> None:
        """Make room for slots below `size`."""
        extra = size - len(self._hosts)
        self._hosts.extend([""] * extra)
        self._usernames.extend([None] * extra)
        self._passwords.extend([None] * extra)

    def write(self, slot: int, proxy: Proxy) -> None:
        """Store everything but the labels, which the index keeps as a profile."""
        columns = self.columns
        columns.ids[slot] = proxy.id
        columns.port[slot] = proxy.port
        columns.capacity[slot] = proxy.slots
        columns.expires[slot] = INFINITY if proxy.expires_at is None else proxy.expires_at
        columns.flags[slot] = columns.flags[slot] & ~(DISABLED | PENDING | GATED | CHECK_FIRST) | flags_of(proxy)
        self._hosts[slot] = proxy.host
        if (proxy.username, proxy.password) != self._last:
            self._last = (proxy.username, proxy.password)
        self._usernames[slot], self._passwords[slot] = self._last
        self.drop_details(slot)
        if proxy.details is not None and proxy.details != PLAIN:
            self.details[slot] = proxy.details
            if proxy.details.polite:
                self.polite[slot] = proxy.details

    def write_many(self, first: int, proxies: Sequence[Proxy]) -> None:
        """The cold half of plain proxies (no rare details) for the slots from `first` on; their columns are stamped."""
        end = first + len(proxies)
        self._hosts[first:end] = [proxy.host for proxy in proxies]
        usernames = [proxy.username for proxy in proxies]
        passwords = [proxy.password for proxy in proxies]
        if any(usernames) and len({*usernames}) < len(usernames):
            _share(usernames, passwords)
        self._usernames[first:end], self._passwords[first:end] = usernames, passwords

    def erase(self, slot: int) -> None:
        """The slot is free."""
        self._hosts[slot], self._usernames[slot], self._passwords[slot] = "", None, None
        self.drop_details(slot)

    def drop_details(self, slot: int) -> None:
        """The slot's proxy has none."""
        self.details.pop(slot, None)
        self.polite.pop(slot, None)

    def read(self, slot: int) -> Proxy:
        """The record that people see."""
        columns = self.columns
        profile = self.profiles.at(columns.profile[slot])
        return Proxy(
            scheme=profile.scheme,
            host=self._hosts[slot],
            port=columns.port[slot],
            username=self._usernames[slot],
            password=self._passwords[slot],
            id=columns.ids[slot],
            capacity=columns.capacity[slot],
            expires_at=None if columns.expires[slot] == INFINITY else columns.expires[slot],
            status=status_of(columns.flags[slot]),
            require_check=bool(columns.flags[slot] & CHECK_FIRST),
            labels=profile.labels,
            details=self.details.get(slot),
        )

    def endpoint(self, slot: int) -> Endpoint:
        """What a dialer needs."""
        scheme, labels = self.profiles.at(self.columns.profile[slot])
        rotating = labels if labels.kind is Kind.ROTATING else None
        return Endpoint(
            scheme, self._hosts[slot], self.columns.port[slot], self._usernames[slot], self._passwords[slot], rotating
        )

    def rotating(self, slot: int) -> bool:
        """Whether the proxy is a provider's gateway with changing exits."""
        return self.profiles.at(self.columns.profile[slot]).labels.kind is Kind.ROTATING

    def fact(self, slot: int) -> Callable[[str], str | int | float | None]:
        """The cold facts of one slot by field name."""
        details = self.details.get(slot, PLAIN)
        held: dict[str, str | int | float | None] = {
            "id": self.columns.ids[slot],
            "host": self._hosts[slot],
            "port": self.columns.port[slot],
            "username": self._usernames[slot],
            "capacity": self.columns.capacity[slot],
            "max_connections": details.max_connections,
            "min_interval": details.min_interval or None,
            "target_capacity": details.target_capacity,
            "notes": details.notes or None,
            "exit_address": details.exit,
        }
        return held.get


def _share(usernames: list[str | None], passwords: list[Secret | None]) -> None:
    """Neighbours with the same user name usually have the same password: one object each, at the cost of revealing it."""
    for nth in range(1, len(usernames)):
        if usernames[nth] == usernames[nth - 1]:
            usernames[nth] = usernames[nth - 1]
            if passwords[nth] is not passwords[nth - 1] and passwords[nth] == passwords[nth - 1]:
                passwords[nth] = passwords[nth - 1]


PLAIN = Details()


def flags_of(proxy: Proxy) -> int:
    """The flags that a record sets: used, disabled, pending, gated."""
    flags = USED | (CHECK_FIRST if proxy.require_check else 0)
    if proxy.status is Status.DISABLED:
        return flags | DISABLED | PENDING | (GATED if proxy.require_check else 0)
    if proxy.status is Status.FAILED:
        return flags | GATED
    if proxy.status is Status.PENDING:
        return flags | PENDING | (GATED if proxy.require_check else 0)
    return flags


def status_of(flags: int) -> Status:
    """The status that flags stand for."""
    if flags & DISABLED:
        return Status.DISABLED
    if flags & PENDING:
        return Status.PENDING
    return Status.FAILED if flags & GATED else Status.ACTIVE
