"""What active checks need: a judge to ask for, somebody who asks it through a proxy, and a word on how it is done."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from proxyfleet.core.checks import Place, Said, Visit, Way
from proxyfleet.core.proxy import Endpoint


class Judge(NamedTuple):
    """Where a judge answers. `path` begins with a slash; `tls`: only by TLS, hence only through tunnels. With an `address` proxies
    are asked for that instead of the name.
    """

    host: str
    port: int
    path: str = "/"
    tls: bool = False
    address: str = ""


class Site(NamedTuple):
    """A site that may like some proxies and not others. `rules` are written as those of the gateway; `statuses` are those that
    mean a welcome, none for every one that is no refusal.
    """

    judge: Judge
    rules: tuple[str, ...] = ()
    statuses: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Manner:
    """At most `crowd` proxies at a time, `patience` seconds per question. `every_way`: try what is not claimed as well, also where
    the claim holds. `tls_judge`: a second judge, reached by TLS through a tunnel, for whether TLS comes through untouched.
    `site` is visited through what works. `addresses` are those of judges that have names, `local_dns` says that traffic
    resolves names here for proxies that let it.
    """

    crowd: int = 200
    patience: float = 10.0
    every_way: bool = False
    tls_judge: Judge | None = None
    site: Site | None = None
    addresses: Mapping[str, str] = field(default_factory=dict)
    local_dns: bool = False


class Probe(Protocol):
    """Asks one question; what can go wrong is in the answer, nothing is raised."""

    async def ask(self, endpoint: Endpoint | None, way: Way, judge: Judge, patience: float) -> Said:
        """Through `endpoint` in that way, or directly without one; `patience` seconds in all from the dial on."""
        ...

    async def visit(self, endpoint: Endpoint, way: Way, site: Site, patience: float) -> Visit:
        """What a site makes of that proxy."""
        ...


class Atlas(Protocol):
    """Knows where addresses are; `name` says what its word is worth."""

    @property
    def name(self) -> str: ...

    def place(self, address: str) -> Place:
        """Nothing known of an address that is not in it."""
        ...
