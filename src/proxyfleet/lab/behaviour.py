"""How a lab proxy behaves: one frozen record, replaced as a whole when somebody gives an order at run time.

Pure data and its validation; nothing here opens a socket, waits or rolls dice. Orders arrive as keyword arguments or as
JSON, so every field is a plain value and `changed` checks names and types before a proxy ever sees them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address
from typing import Any, Literal

Anonymity = Literal["elite", "anonymous", "transparent"]
Rotation = Literal["request", "session"]
Speech = Literal["http", "socks4", "socks5", "ssh", "html", "garbage"]

SCHEMES = ("http", "https", "socks4", "socks5")
"""What a lab proxy can be; a socks4 proxy also takes the names of 4a."""
CLAIMS = (*SCHEMES, "socks4a", "socks5h")


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a lab proxy does; the default is an open, honest, quick, elite proxy. Sizes in bytes, times in seconds.

    Raises ValueError, naming the field and what it may be, when a value is out of range.
    """

    username: str | None = None
    """Required user name; None lets everybody in."""
    password: str | None = field(default=None, repr=False)
    """Required password; not checked by SOCKS4, which has none."""
    requires: frozenset[str] = frozenset()
    """Parameters that must be in the user name (`lab-session-7-country-de`); without them the answer is 407."""
    latency: float = 0.0
    """Fixed delay before each request or tunnel is acted upon."""
    jitter: float = 0.0
    """Upper end of a random delay added to `latency`."""
    error_rate: float = 0.0
    """Share of requests, 0.0-1.0, answered with an error instead of being forwarded."""
    error_status: int = 502
    error_reply: int = 1
    """SOCKS5 reply code (RFC 1928 section 6) of such an error; SOCKS4 always answers 91."""
    error_headers: tuple[tuple[str, str], ...] = ()
    """Headers of such an error, for example a provider's `X-Error-Description`."""
    stall: bool = False
    """Accept, then never answer."""
    stall_after: int | None = None
    """Pass on so many bytes of a body or tunnel, then fall silent."""
    truncate_after: int | None = None
    """Pass on so many bytes of a body or tunnel, then close."""
    bandwidth: int | None = None
    """Bytes per second towards the client."""
    mangle: bool = False
    """Flip bits on the way to the client: bodies differ, TLS inside a tunnel breaks."""
    reset: bool = False
    """Answer every new connection with RST."""
    dead: bool = False
    """The port refuses connections; its running connections are gone."""
    speaks: Speech | None = None
    """Protocol really spoken, whatever the scheme says; a wrong one is spoken without TLS."""
    claims: str | None = None
    """Scheme written in the URL, whatever the proxy is."""
    banned: frozenset[str] = frozenset()
    """Target hosts answered with 403 (SOCKS5 2)."""
    ban_drops: bool = False
    """Close without an answer instead of 403."""
    resolves: bool = True
    """Knows names of targets; False serves addresses only."""
    anonymity: Anonymity = "elite"
    """`anonymous` adds Via, `transparent` also X-Forwarded-For with the client's address; plain HTTP only."""
    exit: str | None = None
    """Loopback source address of outgoing connections; what the target sees as the client (Linux: all of 127/8)."""
    rotate: Rotation | None = None
    """A new exit for each request, or one per `session` in the user name."""
    dead_sessions: frozenset[str] = frozenset()
    """Sessions whose exit is gone: 502 with `X-Error-Description`."""
    quota: int | None = None
    """Requests carried before the account is empty."""
    quota_status: Literal[407, 402] = 407
    rate: int | None = None
    """Requests allowed per second; more are answered with 429."""
    retry_after: int = 1

    def __post_init__(self) -> None:
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in allowed:
                raise ValueError(f"{name} must be one of {', '.join(map(str, allowed))}")
        for name in ("latency", "jitter", "stall_after", "truncate_after", "quota", "rate", "retry_after"):
            if (getattr(self, name) or 0) < 0:
                raise ValueError(f"{name} must not be negative")
        if not 0.0 <= self.error_rate <= 1.0:
            raise ValueError("error_rate must lie between 0.0 and 1.0")
        if self.bandwidth is not None and self.bandwidth < 1:
            raise ValueError("bandwidth must be at least 1 byte per second, or null")
        if self.exit is not None and not ip_address(self.exit).is_loopback:
            raise ValueError("exit must be a loopback address, such as 127.0.0.9")

    @property
    def takes_parameters(self) -> bool:
        """Whether `-key-value` may follow the user name."""
        return bool(self.requires) or self.rotate is not None


CHOICES: dict[str, tuple[object, ...]] = {
    "speaks": (None, "http", "socks4", "socks5", "ssh", "html", "garbage"),
    "claims": (None, *CLAIMS),
    "anonymity": ("elite", "anonymous", "transparent"),
    "rotate": (None, "request", "session"),
    "quota_status": (407, 402),
}


def changed(behaviour: Behaviour, changes: Mapping[str, object]) -> Behaviour:
    """`behaviour` with JSON-like `changes`; lists become sets, error_headers may be an object.

    Raises ValueError for an unknown field, a wrong type or a value out of range.
    """
    unknown = sorted(set(changes) - FIELDS)
    if unknown:
        raise ValueError(f"unknown behaviour {unknown[0]!r}; known are {', '.join(sorted(FIELDS))}")
    # The values were checked one by one just now, but their types differ from field to field.
    converted: dict[str, Any] = {name: _converted(name, value) for name, value in changes.items()}
    return replace(behaviour, **converted)


def _converted(name: str, value: object) -> object:
    kind = KINDS.get(name, "text")
    if value is None and name in OPTIONAL:
        return None
    converter, wanted = CONVERTERS[kind]
    converted = converter(value)
    if converted is None:
        raise ValueError(f"{name} must be {wanted}")
    return converted


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _names(value: object) -> frozenset[str] | None:
    if not isinstance(value, list | tuple | set | frozenset):
        return None
    return frozenset(value) if all(isinstance(item, str) for item in value) else None


def _headers(value: object) -> tuple[tuple[str, str], ...] | None:
    pairs = list(value.items()) if isinstance(value, dict) else value
    if not isinstance(pairs, list | tuple):
        return None
    headers = tuple((str(pair[0]), str(pair[1])) for pair in pairs if isinstance(pair, list | tuple) and len(pair) == 2)
    return headers if len(headers) == len(pairs) else None


CONVERTERS: dict[str, tuple[Callable[[object], object], str]] = {
    "flag": (_flag, "true or false"),
    "whole": (_whole, "a whole number"),
    "number": (_number, "a number"),
    "text": (_text, "a text"),
    "names": (_names, "a list of texts"),
    "headers": (_headers, "an object of header names and values"),
}
KINDS = {
    **dict.fromkeys(("stall", "mangle", "reset", "dead", "ban_drops", "resolves"), "flag"),
    **dict.fromkeys(("latency", "jitter", "error_rate"), "number"),
    **dict.fromkeys(("error_status", "error_reply", "stall_after", "truncate_after", "bandwidth"), "whole"),
    **dict.fromkeys(("quota", "quota_status", "rate", "retry_after"), "whole"),
    **dict.fromkeys(("requires", "banned", "dead_sessions"), "names"),
    "error_headers": "headers",
}
FIELDS = frozenset(item.name for item in fields(Behaviour))
OPTIONAL = frozenset(item.name for item in fields(Behaviour) if item.default is None)
