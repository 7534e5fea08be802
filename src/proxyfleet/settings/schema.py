"""Every setting there is, with default, kind and meaning: the one table that loading, `config show` and the docs read.

Frozen records without behaviour. A key is `name`, or `section.name` as in the file; the environment variable of
`gateway.listen` is `PROXYFLEET_GATEWAY_LISTEN`. Limits and timers repeat the fields of the gateway's own settings,
because neighbouring rooms do not know each other; a test keeps the defaults equal.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from proxyfleet.core.proxy import Secret
from proxyfleet.core.rules import Rules
from proxyfleet.core.selector import ANY, Selector
from proxyfleet.core.strategies.names import StrategyName

from .kinds import (
    ADDRESS,
    BOOLEAN,
    NETWORKS,
    OPTIONAL_ADDRESS,
    PLACES,
    PORTS,
    RULES,
    SELECTOR,
    TEXT,
    Address,
    Kind,
    choice,
    seconds,
    share,
    whole,
)
from .kinds import about as _about
from .schema_buying import ProviderSection, ScalingSection
from .schema_care import ChecksSection, JobsSection, SourcesSection

PREFIX: Final = "PROXYFLEET_"


@dataclass(frozen=True, slots=True)
class GatewaySection:
    """`[gateway]`: where it listens, whom it serves and where they may go."""

    listen: Address = field(
        default=("127.0.0.1", 8899), metadata=_about(ADDRESS, "Where clients connect; port 0 takes a free one.")
    )
    tls_certificate: str = field(
        default="", metadata=_about(TEXT, "PEM chain for clients that begin with TLS, on the same port; empty: none.")
    )
    tls_key: str = field(
        default="", metadata=_about(TEXT, "PEM key of the certificate; empty: it is in the same file.")
    )
    control: Address | None = field(
        default=("127.0.0.1", 0),
        metadata=_about(OPTIONAL_ADDRESS, "Where `/livez`, `/readyz` and the command line ask this node."),
    )
    selector: Selector = field(
        default=ANY, metadata=_about(SELECTOR, "Which proxies the gateway may use at all; empty means all.")
    )
    upstream_ca: str = field(
        default="",
        metadata=_about(
            TEXT, "PEM file of the authorities that HTTPS proxies are verified against; empty: the system's."
        ),
    )
    upstream_verify: bool = field(
        default=True, metadata=_about(BOOLEAN, "Demand a valid certificate of HTTPS proxies; off only encrypts.")
    )
    local_dns: bool = field(
        default=False,
        metadata=_about(BOOLEAN, "Resolve names of targets here for socks4 and socks5; socks4a and socks5h never do."),
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
    answer_rules: tuple[str, ...] = field(
        default=(),
        metadata=_about(
            RULES,
            "Plain-HTTP answers that mean a target does not want a proxy: `banned status=403 target=*.shop.example`.",
        ),
    )
    via: bool = field(default=True, metadata=_about(BOOLEAN, "Send Via, as RFC 9110 section 7.6.3 demands."))
    name_proxy: bool = field(
        default=True, metadata=_about(BOOLEAN, "Tell clients by `X-Proxyfleet-Proxy` which proxy served them.")
    )
    reuse_port: bool = field(
        default=False, metadata=_about(BOOLEAN, "Let several processes listen on one port (Linux).")
    )
    own_sockets: bool = field(
        default=True,
        metadata=_about(BOOLEAN, "Serve plain TCP from sockets of our own (Linux), which costs less than the loop's."),
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
    tunnel_life: float = field(
        default=0.0, metadata=_about(seconds(0.0), "A tunnel ends after so long, busy or not; 0 lets it live.")
    )
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
    request_body: int = field(
        default=0,
        metadata=_about(whole(0, 1 << 50), "Body of a plain request; a larger one is answered 413; 0 is no limit."),
    )
    write_buffer: int = field(
        default=65_536, metadata=_about(whole(1_024), "Unsent bytes above which the other side is not read.")
    )
    idle_upstreams: int = field(
        default=1_024, metadata=_about(whole(0), "Pooled idle connections to upstream proxies.")
    )
    interim_answers: int = field(default=16, metadata=_about(whole(0, 1_000), "1xx answers before the final one."))
    per_target: int = field(
        default=0, metadata=_about(whole(0), "Requests and tunnels to one target at a time; 0 is no limit.")
    )
    memory: int = field(
        default=0,
        metadata=_about(
            whole(0, 1 << 50), "Resident bytes above which new connections are answered 503; 0 is no limit."
        ),
    )
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
    patience: float = field(
        default=3.0,
        metadata=_about(
            seconds(0.0, 3600.0),
            "A first attempt that takes longer is left for another proxy where there is one; each further attempt gets "
            "twice as long, and a slow target three times what it took lately. 0: the timers alone.",
        ),
    )


@dataclass(frozen=True, slots=True)
class SheetSection:
    """`[sheet]`: how the spreadsheet is treated that `proxyfleet sheet connect` has connected."""

    key_file: str = field(
        default="", metadata=_about(TEXT, "Key of the Google account. Default: the one that `sheet connect` was given.")
    )
    every: float = field(
        default=60.0,
        metadata=_about(seconds(5.0, 86_400.0), "A serving node exchanges changes with the sheet so often."),
    )
    cache: float = field(default=60.0, metadata=_about(seconds(0.0, 3600.0), "A reading of the sheet serves so long."))
    selector: Selector = field(
        default_factory=lambda: Selector.parse("source="),
        metadata=_about(SELECTOR, "Proxies that get a row; by default all but those from free lists."),
    )
    allow_private: bool = field(
        default=False, metadata=_about(BOOLEAN, "Accept addresses in the sheet that are not globally routable.")
    )
    rate: float = field(
        default=1.5,
        metadata=_about(seconds(0.01, 100.0)._replace(wanted="per second, 0.01 to 100"), "Calls of Google's API, ..."),
    )
    burst: int = field(default=2, metadata=_about(whole(1, 100), "... after so many at once."))
    reads: int = field(default=55, metadata=_about(whole(1, 10_000), "Reads per minute; Google allows 60 per account."))
    writes: int = field(
        default=55, metadata=_about(whole(1, 10_000), "Writes per minute; Google allows 60 per account.")
    )
    timeout: float = field(default=30.0, metadata=_about(seconds(0.1, 300.0), "Google has so long for an answer."))
    address: str = field(
        default="https://sheets.googleapis.com", metadata=_about(TEXT, "Where the Sheets API answers; for tests.")
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
            "Where the fleet is kept: `sqlite:///FILE`, `postgresql://USER:PASSWORD@HOST/DATABASE` or `memory:`. "
            "Default: `proxyfleet.db` in your data folder.",
        ),
    )
    claims: str = field(
        default="store",
        metadata=_about(
            TEXT, "Where leases and assignments are kept: `store`, beside the inventory, or `redis://HOST:6379/0`."
        ),
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
    sources: SourcesSection = field(default_factory=SourcesSection)
    jobs: JobsSection = field(default_factory=JobsSection)
    checks: ChecksSection = field(default_factory=ChecksSection)
    sheet: SheetSection = field(default_factory=SheetSection)
    scaling: ScalingSection = field(default_factory=ScalingSection)
    log: LogSection = field(default_factory=LogSection)
    providers: Mapping[str, ProviderSection] = field(default_factory=dict)
    """By the name that their owner has given them."""
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
    "sources": SourcesSection,
    "jobs": JobsSection,
    "checks": ChecksSection,
    "sheet": SheetSection,
    "scaling": ScalingSection,
    "log": LogSection,
}
"""Record types by the name of their section; `Any` because each has fields of its own."""

STRICTER: Final[dict[str, Kind]] = {
    "rules.strategy": choice(*StrategyName, "lru", "health_only"),
    "rules.weigh_by": choice("reputation", "health"),
}
"""Kinds of fields that their own record declares as mere text."""
