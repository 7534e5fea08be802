"""Every limit and timer of a gateway, with its default and its reason. No environment, no files: the composition root
reads those.
"""

from dataclasses import dataclass, field

from proxyfleet.core.selector import ANY, Selector
from proxyfleet.wire.answer_rules import Rule
from proxyfleet.wire.http1_head import HeadLimits

Address = tuple[str, int]
"""(host, port) to listen on; port 0 takes a free one."""


@dataclass(frozen=True, slots=True)
class Timers:
    """Seconds. Looked at twice a second, so each may be 0.5 s late."""

    first_byte: float = 10.0
    """A new connection that stays silent is closed."""
    head: float = 10.0
    """From the first byte of a head to its last, however slowly they drip: 408."""
    dial: float = 10.0
    """TCP to the upstream proxy, name resolution included."""
    connect_reply: float = 30.0
    """From CONNECT to the upstream proxy's answer: it dials the target meanwhile."""
    response_head: float = 60.0
    """From the last byte of the request to the head of the answer: 504."""
    body_idle: float = 60.0
    """Without a byte of a body in either direction."""
    tunnel_idle: float = 300.0
    """Without a byte through a tunnel; judged to an eighth of itself."""
    tunnel_life: float = 0.0
    """A tunnel ends after so long, busy or not; 0 lets it live."""
    half_close: float = 30.0
    """The same once one side of a tunnel has said that it is finished."""
    keep_alive: float = 60.0
    """A client's connection between two requests."""
    upstream_idle: float = 30.0
    """A pooled connection to an upstream proxy; shorter than what common proxies keep."""
    linger: float = 2.0
    """After a refusal what the client still sends is thrown away this long, so that a reset does not eat the answer."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper bounds; bytes unless said otherwise."""

    head: HeadLimits = field(default_factory=HeadLimits)
    connections: int = 16_384
    """Client connections, also bounded by 45 % of the file descriptors that the process may open."""
    connections_per_client: int = 8_192
    """Per client address (IPv6: per /64)."""
    held: int = 65_536
    """Bytes of a client that arrive before they can be used: pipelined requests, early tunnel bytes, a body during a
    dial.
    """
    replay: int = 65_536
    """A request body up to this size is kept so that an idempotent request can be sent again."""
    request_body: int = 0
    """Of a request; a larger one is answered 413. 0 is no limit: bodies are streamed, not kept."""
    write_buffer: int = 65_536
    """Unsent bytes per connection above which the other side is no longer read."""
    idle_upstreams: int = 1_024
    """Pooled idle connections to upstream proxies, all together."""
    interim_answers: int = 16
    """1xx answers before the final one."""
    per_target: int = 0
    """Requests and tunnels to one target host at a time; 0 is no limit."""
    memory: int = 0
    """Resident bytes of the process above which new connections are answered 503; 0 is no limit."""
    auth_failures: int = 10
    """Wrong credentials per client address and minute; further ones are answered 429 without being looked at."""
    pending_checks: int = 256
    """Credentials waiting to be verified; further ones are answered 429."""


@dataclass(frozen=True, slots=True)
class Failover:
    """When another proxy is tried (SPEC G6)."""

    attempts: int = 8
    """Proxies per request, the first included: with a third of the fleet dead, 1 request in 5,000 finds eight dead ones."""
    window: float = 45.0
    """No further attempt starts later than this many seconds after the request."""
    share: float = 0.2
    """Retry budget: this share of the requests of the last 10 seconds ..."""
    rate: float = 10.0
    """... and so many per second besides, so that little traffic may retry too."""
    patience: float = 3.0
    """So long the first attempt is waited for where another proxy may be tried, twice as long the second ...; 0: the
    timers alone.
    """


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """What one gateway is told. `listen` beyond loopback needs users or `allow_clients` (R13)."""

    listen: Address = ("127.0.0.1", 8899)
    tls_certificate: str | None = None
    """PEM chain to show to clients that begin with TLS, on the same port; None: TLS is refused."""
    tls_key: str | None = None
    """PEM key of the certificate; None: it is in the same file."""
    control: Address | None = None
    """Where `/livez` and `/readyz` are answered; None switches them off."""
    selector: Selector = ANY
    """Which proxies may be used at all."""
    upstream_ca: str | None = None
    """PEM file of the authorities that HTTPS proxies are verified against, in place of the system's."""
    upstream_verify: bool = True
    """Whether HTTPS proxies have to show a valid certificate; False encrypts towards anybody."""
    local_dns: bool = False
    """Resolve names of targets here for proxies of scheme socks4 and socks5; socks4a and socks5h never do."""
    allow_clients: tuple[str, ...] = ()
    """Networks such as `10.0.0.0/8`; if there are any, clients from elsewhere are not served."""
    allow_private_targets: bool = False
    """Serve destinations that are loopback, private, link-local or metadata addresses, or local names."""
    connect_ports: frozenset[int] | None = frozenset({80, 443, 8443})
    """Ports that CONNECT may ask for; None allows all (it then carries mail and anything else)."""
    refuse_addresses: frozenset[Address] = frozenset()
    """Further places that must never be reached through the gateway: the API, the dashboard, the database."""
    answer_rules: tuple[Rule, ...] = ()
    """Which plain-HTTP answers mean that a target does not want a proxy."""
    via: bool = True
    """Send Via, as RFC 9110 §7.6.3 demands. Switched off, targets see less of us and loops are found by address only.
    """
    name_proxy: bool = True
    """Tell clients by `X-Proxyfleet-Proxy: host:port` which proxy served them."""
    reuse_port: bool = False
    """Several processes on one port (Linux)."""
    own_sockets: bool = True
    """Serve plain TCP from sockets of our own where the system has epoll, which costs less than the loop's; TLS to an
    upstream proxy is the loop's in any case.
    """
    timers: Timers = field(default_factory=Timers)
    limits: Limits = field(default_factory=Limits)
    failover: Failover = field(default_factory=Failover)
