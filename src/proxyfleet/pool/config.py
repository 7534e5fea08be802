"""A proxy as library users write it: `ProxyConfig("http://host:8080", "user", "secret")`. Keeps no state of the proxy."""

from collections.abc import Iterable, Mapping

from proxyfleet.core.errors import BadProxy
from proxyfleet.core.proxy import Labels, Proxy, Scheme, Secret, Status
from proxyfleet.wire.text.entry import Entry
from proxyfleet.wire.text.line import decide
from proxyfleet.wire.text.reasons import REASONS


class ProxyConfig:
    """`server` is `host:port` or a URL, with or without credentials in any form that lists use.

    `protocol` counts where the server names no scheme (default http); `region` and `tags` are for choosing. Two configs
    are equal when all their fields are. Raises `BadProxy` with the reason when the server cannot be read.
    """

    __slots__ = ("password", "protocol", "region", "server", "tags", "username")

    def __init__(
        self,
        server: str,
        username: str | None = None,
        password: str | None = None,
        protocol: str | None = None,
        region: str | None = None,
        tags: Iterable[str] | None = None,
    ) -> None:
        entry = read_server(server, protocol or "http")
        self.server = f"{entry.scheme}://{bracketed(entry.host)}:{entry.port}"
        self.username = username if username is not None else entry.username
        self.password = password if password is not None else entry.password
        self.protocol = entry.scheme
        self.region = region
        self.tags = (tags,) if isinstance(tags, str) else tuple(tags or ())
        Labels(tags=frozenset(self.tags))  # refuses tags that no selector could name

    def _fields(self) -> tuple[object, ...]:
        return (self.server, self.username, self.password, self.region, frozenset(self.tags))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ProxyConfig) and other._fields() == self._fields()

    def __hash__(self) -> int:
        return hash(self._fields())

    def __repr__(self) -> str:
        user = "" if self.username is None else f", username={self.username[:2] + '***'!r}, password='***'"
        return f"{type(self).__name__}({self.server!r}{user}, region={self.region!r}, tags={self.tags!r})"

    def to_playwright_config(self) -> dict[str, str]:
        """What Playwright's `proxy=` takes: `server`, and `username` and `password` where there are any."""
        config = {"server": self.server}
        if self.username is not None:
            config |= {"username": self.username, "password": self.password or ""}
        return config

    def to_proxy(self, proxy_id: int, capacity: int) -> Proxy:
        """The record that the core keeps."""
        entry = read_server(self.server, self.protocol)
        return Proxy(
            scheme=Scheme(entry.scheme),
            host=entry.host,
            port=entry.port,
            username=self.username,
            password=None if self.password is None else Secret(self.password),
            id=proxy_id,
            capacity=capacity,
            status=Status.PENDING,
            labels=Labels(region=self.region, tags=frozenset(self.tags)),
        )


def read_server(server: str, protocol: str) -> Entry:
    """The address in a server text; private addresses are fine, it is the user's own program."""
    try:
        scheme = Scheme(protocol.lower())
    except ValueError:
        raise BadProxy(f"protocol {protocol!r} is unknown; use one of: {', '.join(s.value for s in Scheme)}") from None
    verdict = decide(server.strip(), scheme=scheme.value, allow_private=True)
    if verdict.entry is None:
        reason = REASONS.get(verdict.reason or "")
        told = f"{reason.meaning}; {reason.remedy}" if reason else "not a proxy; write host:port or a URL"
        raise BadProxy(f"proxy {verdict.excerpt or ''!r} cannot be read ({verdict.reason}): {told}")
    return verdict.entry


def bracketed(host: str) -> str:
    """IPv6 addresses stand in brackets in a URL."""
    return f"[{host}]" if ":" in host else host


def from_environment(environ: Mapping[str, str]) -> tuple[list[ProxyConfig], list[str]]:
    """The proxies that `PROXY_SERVER`, `PROXY_USERNAME`, `PROXY_PASSWORD` and `PROXY_LIST` name, and what was wrong with others.

    `PROXY_LIST` is separated by commas. A part that cannot be read is told and costs nothing but itself (SPEC A3).
    """
    texts = [part for part in environ.get("PROXY_LIST", "").split(",") if part.strip()]
    found: list[ProxyConfig] = []
    problems: list[str] = []
    if server := environ.get("PROXY_SERVER", "").strip():
        username, password = environ.get("PROXY_USERNAME") or None, environ.get("PROXY_PASSWORD")
        _read_into(found, problems, "PROXY_SERVER", (server, username, password if username else None))
    for number, text in enumerate(texts, start=1):
        _read_into(found, problems, f"PROXY_LIST, part {number}", (text, None, None))
    return found, problems


def _read_into(
    found: list[ProxyConfig], problems: list[str], where: str, parts: tuple[str, str | None, str | None]
) -> None:
    try:
        found.append(ProxyConfig(*parts))
    except BadProxy as problem:
        problems.append(f"{where}: {problem}")
