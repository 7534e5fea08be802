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


def _about(kind: Kind, meaning: str) -> dict[str, object]:
    """What a field knows of itself besides its default."""
    return {"kind": kind, "meaning": meaning}


def _default_selector() -> Selector:
    return Selector.parse("scheme=http")


@dataclass(frozen=True, slots=True)
class GatewaySection:
    """`[gateway]`: where it listens, whom it serves and where they may go."""

    listen: Address = field(
        default=("127.0.0.1", 8899), metadata=_about(ADDRESS, "Where clients connect; port 0 takes a free one.")
    )
    control: Address | None = field(
        default=("127.0.0.1", 0),
        metadata=_about(OPTIONAL_ADDRESS, "Where `/livez`, `/readyz` and the command line ask this node."),
    )
    selector: Selector = field(
        default_factory=_default_selector,
        metadata=_about(SELECTOR, "Which proxies the gateway may use at all."),
    )
    allow_clients: tuple[str, ...] = field(
        default=(),
        metadata=_about(NETWORKS, "Networks of clients that are served; empty means everybody who can connect."),
    )
    allow_private_targets: bool = field(
        default=False,
        metadata=_about(
            BOOLEAN, "Serve loopback, private and link-local targets, which protects nothing on your network."
        ),
    )
    connect_ports: frozenset[int] | None = field(
        default=frozenset({80, 443, 8443}),
        metadata=_about(PORTS, "Ports that CONNECT may ask for; `any` makes it carry mail and all else."),
    )
    refuse_addresses: frozenset[Address] = field(
        default=frozenset(), metadata=_about(PLACES, "Further places that must never be reached through the gateway.")
    )
    via: bool = field(default=True, metadata=_about(BOOLEAN, "Send Via, as RFC 9110 section 7.6.3 demands."))
    name_proxy: bool = field(
        default=True, metadata=_about(BOOLEAN, "Tell clients by `X-Proxyfleet-Proxy` which proxy served them.")
    )
    reuse_port: bool = field(
        default=False, metadata=_about(BOOLEAN, "Let several processes listen on one port (Linux).")
    )
    drain: float = field(
        default=30.0, metadata=_about(seconds(0.0, 3600.0), "After SIGTERM running requests may take so long to end.")
    )


@dataclass(frozen=True, slots=True)
class TimersSection:
    """`[timers]`: how long the gateway waits for each step."""

    first_byte: float = field(default=10.0, metadata=_about(seconds(), "A new connection that stays silent is closed."))
    head: float = field(default=10.0, metadata=_about(seconds(), "From the first byte of a request head to its last."))
    dial: float = field(
        default=10.0, metadata=_about(seconds(), "Connecting to the upstream proxy, name resolution included.")
    )
    connect_reply: float = field(
        default=30.0, metadata=_about(seconds(), "From CONNECT to the upstream proxy's answer.")
    )
    response_head: float = field(
        default=60.0, metadata=_about(seconds(), "From the end of a request to the head of its answer.")
    )
    body_idle: float = field(default=60.0, metadata=_about(seconds(), "Without a byte of a body in either direction."))
    tunnel_idle: float = field(default=300.0, metadata=_about(seconds(), "Without a byte through a tunnel."))
    half_close: float = field(
        default=30.0, metadata=_about(seconds(), "The same once one side of a tunnel has finished.")
    )
    keep_alive: float = field(default=60.0, metadata=_about(seconds(), "A client's connection between two requests."))
    upstream_idle: float = field(default=30.0, metadata=_about(seconds(), "A pooled connection to an upstream proxy."))
    linger: float = field(
        default=2.0,
        metadata=_about(seconds(0.0), "After a refusal what the client still sends is thrown away this long."),
    )


@dataclass(frozen=True, slots=True)
class LimitsSection:
    """`[limits]`: upper bounds of the gateway; bytes unless said otherwise."""

    head_line: int = field(default=8_192, metadata=_about(whole(256), "First line of a request or answer."))
    head_block: int = field(default=32_768, metadata=_about(whole(1_024), "A whole head."))
    head_fields: int = field(default=100, metadata=_about(whole(8, 10_000), "Header fields of a head."))
    connections: int = field(default=16_384, metadata=_about(whole(1), "Client connections."))
    connections_per_client: int = field(
        default=8_192, metadata=_about(whole(1), "Client connections per address (IPv6: per /64).")
    )
    held: int = field(default=65_536, metadata=_about(whole(1_024), "What a client sends before it can be used."))
    replay: int = field(
        default=65_536,
        metadata=_about(whole(0), "A request body up to this size is kept so that it can be sent again."),
    )
    write_buffer: int = field(
        default=65_536, metadata=_about(whole(1_024), "Unsent bytes above which the other side is not read.")
    )
    idle_upstreams: int = field(
        default=1_024, metadata=_about(whole(0), "Pooled idle connections to upstream proxies.")
    )
    interim_answers: int = field(default=16, metadata=_about(whole(0, 1_000), "1xx answers before the final one."))
    auth_failures: int = field(
        default=10, metadata=_about(whole(1), "Wrong credentials per client address and minute.")
    )
    pending_checks: int = field(default=256, metadata=_about(whole(1), "Credentials that wait to be verified."))


@dataclass(frozen=True, slots=True)
class FailoverSection:
    """`[failover]`: when another proxy is tried."""

    attempts: int = field(default=8, metadata=_about(whole(1, 100), "Proxies per request, the first included."))
    window: float = field(
        default=45.0, metadata=_about(seconds(), "No further attempt starts later than this after the request.")
    )
    share: float = field(
        default=0.2, metadata=_about(share(), "Retry budget: this share of the requests of the last 10 seconds, ...")
    )
    rate: float = field(
        default=10.0,
        metadata=_about(seconds(0.0, 1e6)._replace(wanted="per second"), "... and so many per second besides."),
    )


@dataclass(frozen=True, slots=True)
class LogSection:
    """`[log]`: what is written to standard error."""

    level: str = field(
        default="info",
        metadata=_about(choice("debug", "info", "warning", "error"), "The least important kind that is written."),
    )
    format: str = field(
        default="text", metadata=_about(choice("text", "json"), "Lines for people or one JSON object per line.")
    )


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a node is told. `rules` are the constants of health and picking, strategy included."""

    store: str = field(
        default="",
        metadata=_about(
            TEXT,
            "Where the fleet is kept: `sqlite:///FILE` or `memory:`. Default: `proxyfleet.db` in your data folder.",
        ),
    )
    claims: str = field(
        default="store", metadata=_about(choice("store"), "Where leases will be kept: `store`, beside the inventory.")
    )
    key: Secret | None = field(
        default=None,
        metadata=_about(
            Kind("secret, by environment only", lambda value: Secret(str(value))),
            "The key of the passwords in the store; never in the file, never a flag.",
        ),
        repr=False,
    )
    key_file: str = field(
        default="",
        metadata=_about(TEXT, "A file of mode 0600 that holds the key. Default: `key` in your configuration folder."),
    )
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
