"""Every setting there is, with default, kind and meaning: the one table that loading, `config show` and the docs read.

Frozen records without behaviour. A key is `name`, or `section.name` as in the file; the environment variable of
`gateway.listen` is `PROXYFLEET_GATEWAY_LISTEN`. Limits and timers repeat the fields of the gateway's own settings,
because neighbouring rooms do not know each other; a test keeps the defaults equal.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from proxyfleet.core.proxy import Secret
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import Selector
from proxyfleet.core.strategies.names import StrategyName

from .kinds import (
    ADDRESS,
    BOOLEAN,
    NETWORKS,
    OPTIONAL_ADDRESS,
    PLACES,
    PORTS,
    SELECTOR,
    TEXT,
    Address,
    Kind,
    choice,
    seconds,
    share,
    whole,
)

PREFIX: Final = "PROXYFLEET_"


def _setting(default: object, kind: Kind, meaning: str, *, secret: bool = False) -> Any:
    """A dataclass field that knows its kind and meaning; `Any` because a field stands for values of every type."""
    return field(default=default, metadata={"kind": kind, "meaning": meaning, "secret": secret}, repr=not secret)


def _default_selector() -> Selector:
    return Selector.parse("scheme=http")


@dataclass(frozen=True, slots=True)
class GatewaySection:
    """`[gateway]`: where it listens, whom it serves and where they may go."""

    listen: Address = _setting(("127.0.0.1", 8899), ADDRESS, "Where clients connect; port 0 takes a free one.")
    control: Address | None = _setting(
        ("127.0.0.1", 0), OPTIONAL_ADDRESS, "Where `/livez`, `/readyz` and the command line ask this node."
    )
    selector: Selector = field(
        default_factory=_default_selector,
        metadata={"kind": SELECTOR, "meaning": "Which proxies the gateway may use at all.", "secret": False},
    )
    allow_clients: tuple[str, ...] = _setting(
        (), NETWORKS, "Networks of clients that are served; empty means everybody who can connect."
    )
    allow_private_targets: bool = _setting(
        False, BOOLEAN, "Serve loopback, private and link-local targets, which protects nothing on your network."
    )
    connect_ports: frozenset[int] | None = _setting(
        frozenset({80, 443, 8443}), PORTS, "Ports that CONNECT may ask for; `any` makes it carry mail and all else."
    )
    refuse_addresses: frozenset[Address] = _setting(
        frozenset(), PLACES, "Further places that must never be reached through the gateway."
    )
    via: bool = _setting(True, BOOLEAN, "Send Via, as RFC 9110 section 7.6.3 demands.")
    name_proxy: bool = _setting(True, BOOLEAN, "Tell clients by `X-Proxyfleet-Proxy` which proxy served them.")
    reuse_port: bool = _setting(False, BOOLEAN, "Let several processes listen on one port (Linux).")
    drain: float = _setting(30.0, seconds(0.0, 3600.0), "After SIGTERM running requests may take so long to end.")


@dataclass(frozen=True, slots=True)
class TimersSection:
    """`[timers]`: how long the gateway waits for each step."""

    first_byte: float = _setting(10.0, seconds(), "A new connection that stays silent is closed.")
    head: float = _setting(10.0, seconds(), "From the first byte of a request head to its last.")
    dial: float = _setting(10.0, seconds(), "Connecting to the upstream proxy, name resolution included.")
    connect_reply: float = _setting(30.0, seconds(), "From CONNECT to the upstream proxy's answer.")
    response_head: float = _setting(60.0, seconds(), "From the end of a request to the head of its answer.")
    body_idle: float = _setting(60.0, seconds(), "Without a byte of a body in either direction.")
    tunnel_idle: float = _setting(300.0, seconds(), "Without a byte through a tunnel.")
    half_close: float = _setting(30.0, seconds(), "The same once one side of a tunnel has finished.")
    keep_alive: float = _setting(60.0, seconds(), "A client's connection between two requests.")
    upstream_idle: float = _setting(30.0, seconds(), "A pooled connection to an upstream proxy.")
    linger: float = _setting(2.0, seconds(0.0), "After a refusal what the client still sends is thrown away this long.")


@dataclass(frozen=True, slots=True)
class LimitsSection:
    """`[limits]`: upper bounds of the gateway; bytes unless said otherwise."""

    head_line: int = _setting(8_192, whole(256), "First line of a request or answer.")
    head_block: int = _setting(32_768, whole(1_024), "A whole head.")
    head_fields: int = _setting(100, whole(8, 10_000), "Header fields of a head.")
    connections: int = _setting(16_384, whole(1), "Client connections.")
    connections_per_client: int = _setting(8_192, whole(1), "Client connections per address (IPv6: per /64).")
    held: int = _setting(65_536, whole(1_024), "What a client sends before it can be used.")
    replay: int = _setting(65_536, whole(0), "A request body up to this size is kept so that it can be sent again.")
    write_buffer: int = _setting(65_536, whole(1_024), "Unsent bytes above which the other side is not read.")
    idle_upstreams: int = _setting(1_024, whole(0), "Pooled idle connections to upstream proxies.")
    interim_answers: int = _setting(16, whole(0, 1_000), "1xx answers before the final one.")
    auth_failures: int = _setting(10, whole(1), "Wrong credentials per client address and minute.")
    pending_checks: int = _setting(256, whole(1), "Credentials that wait to be verified.")


@dataclass(frozen=True, slots=True)
class FailoverSection:
    """`[failover]`: when another proxy is tried."""

    attempts: int = _setting(3, whole(1, 100), "Proxies per request, the first included.")
    window: float = _setting(30.0, seconds(), "No further attempt starts later than this after the request.")
    share: float = _setting(0.2, share(), "Retry budget: this share of the requests of the last 10 seconds, ...")
    rate: float = _setting(10.0, seconds(0.0, 1e6)._replace(wanted="per second"), "... and so many per second besides.")


@dataclass(frozen=True, slots=True)
class LogSection:
    """`[log]`: what is written to standard error."""

    level: str = _setting("info", choice("debug", "info", "warning", "error"), "The least important kind that is written.")
    format: str = _setting("text", choice("text", "json"), "Lines for people or one JSON object per line.")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a node is told. `rules` are the constants of health and picking, strategy included."""

    store: str = _setting(
        "", TEXT, "Where the fleet is kept: `sqlite:///FILE` or `memory:`. Default: `proxyfleet.db` in your data folder."
    )
    claims: str = _setting("store", choice("store"), "Where leases will be kept: `store`, beside the inventory.")
    key: Secret | None = _setting(
        None,
        Kind("secret, by environment only", lambda value: Secret(str(value))),
        "The key of the passwords in the store; never in the file, never a flag.",
        secret=True,
    )
    key_file: str = _setting("", TEXT, "A file of mode 0600 that holds the key. Default: `key` in your configuration folder.")
    gateway: GatewaySection = field(default_factory=GatewaySection)
    timers: TimersSection = field(default_factory=TimersSection)
    limits: LimitsSection = field(default_factory=LimitsSection)
    failover: FailoverSection = field(default_factory=FailoverSection)
    rules: Rules = field(default_factory=Rules)
    log: LogSection = field(default_factory=LogSection)
    data_folder: Path = field(default=Path(), repr=False)
    """Not to be set: where this user's data lie."""
    key_default: Path | None = field(default=None, repr=False)
    """Not to be set: the key file that is made when nobody names a key; None makes none."""


SECTIONS: Final[dict[str, type[Any]]] = {
    "gateway": GatewaySection,
    "timers": TimersSection,
    "limits": LimitsSection,
    "failover": FailoverSection,
    "rules": Rules,
    "log": LogSection,
}
"""Record types by the name of their section; `Any` because each has fields of its own."""

STRICTER: Final[dict[str, Kind]] = {
    "rules.strategy": choice(*StrategyName, "lru", "health_only"),
    "rules.weigh_by": choice("reputation", "health"),
}
"""Kinds of fields that their own record declares as mere text."""
