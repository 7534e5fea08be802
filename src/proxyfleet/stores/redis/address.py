"""What a URL of Redis says, checked before anything is opened. Its password is never shown."""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from proxyfleet.stores.errors import BadStoreUrl
from proxyfleet.stores.redis.keys import PREFIX

FORMS: Final = "use redis://HOST:6379/0, rediss://HOST:6379/0 (TLS) or unix:///run/redis/redis.sock"
SCHEMES: Final = ("redis", "rediss", "unix")
CLIENT_OPTIONS: Final = ("db", "ssl_ca_certs", "ssl_certfile", "ssl_keyfile")
"""Options that redis-py takes; `db` belongs to `unix:`."""
OWN_OPTIONS: Final = ("prefix", "after_loss", "instead")
_PREFIX: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """`url` is for the client and may hold a password, `shown` is for people. Several fleets share a Redis by `prefix`.

    `accept_loss`: grant leases at once after Redis may have forgotten some, instead of waiting until they have ended.
    `instead`: this one, which knows nothing of the fleet, is to keep its claims instead of the one that did.
    """

    url: str = field(repr=False)
    shown: str
    prefix: str = PREFIX
    accept_loss: bool = False
    instead: bool = False

    @property
    def place(self) -> str:
        """Names the keys of one fleet in one Redis, as far as a URL can tell."""
        return f"{self.shown} {self.prefix}"


def is_redis(url: str) -> bool:
    """Whether the URL is meant for this store."""
    return url.partition(":")[0] in SCHEMES


def redis_address(url: str) -> RedisAddress:
    """The parts of a URL. Raises `BadStoreUrl`, without the password."""
    scheme, _, _ = url.partition(":")
    if "#" in url:
        raise BadStoreUrl(f"a {scheme} URL has no part after #; write a # in a password as %23")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise BadStoreUrl(f"a {scheme} URL has no valid host and port; {FORMS}") from None
    if scheme not in SCHEMES or not (parts.path.strip("/") if scheme == "unix" else parts.hostname):
        raise BadStoreUrl(f"a {scheme} URL names no {'socket' if scheme == 'unix' else 'host'}; {FORMS}")
    database = _database(scheme, parts.path)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    _check(options, scheme)
    kept = urlencode({name: value for name, value in options.items() if name in CLIENT_OPTIONS})
    shown = f"unix://{parts.path}" if scheme == "unix" else f"{scheme}://{_host(parts.hostname or '')}:{port or 6379}"
    return RedisAddress(
        url.partition("?")[0] + (f"?{kept}" if kept else ""),
        shown + database,
        options.get("prefix", PREFIX),
        options.get("after_loss") == "accept",
        options.get("instead") == "yes",
    )


def _host(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _database(scheme: str, path: str) -> str:
    if scheme == "unix":
        return ""
    number = unquote(path).strip("/") or "0"
    if not (number.isascii() and number.isdigit()):
        raise BadStoreUrl(f"the path of a {scheme} URL is the number of a database, such as /0; {FORMS}")
    return f"/{number}"


def _check(options: dict[str, str], scheme: str) -> None:
    for name in options:
        if name not in CLIENT_OPTIONS + OWN_OPTIONS:
            known = ", ".join(OWN_OPTIONS + CLIENT_OPTIONS)
            raise BadStoreUrl(f"{scheme} URLs have no option {name!r}; there are {known}")
    if not _PREFIX.fullmatch(options.get("prefix", PREFIX)):
        raise BadStoreUrl("the prefix of a Redis URL has 1 to 64 letters, digits, `_`, `.` or `-`; choose another")
    if options.get("after_loss", "wait") not in ("wait", "accept"):
        raise BadStoreUrl("after_loss of a Redis URL is `wait` or `accept`; see docs/concepts/claims-in-redis.md")
    if options.get("instead", "yes") != "yes":
        raise BadStoreUrl("instead of a Redis URL is `yes`, or left out; see docs/concepts/claims-in-redis.md")
    if not options.get("db", "0").isdigit():
        raise BadStoreUrl("db of a Redis URL is the number of a database, such as 0")
