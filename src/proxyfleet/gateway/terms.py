"""On which terms a client is served: which proxies, how they are picked, which session or lease. Worked out once per
user name and remembered.

Three selectors meet: what the gateway may use, what the user may use, what was asked for. Reads the parameters of
`wire.parameters` into questions for the fleet and picks nothing.
"""

import ipaddress
from collections.abc import Callable
from typing import TypeVar

from proxyfleet.clock import Clock, monotonic_clock
from proxyfleet.core.clause import FIELDS, Clause, Op
from proxyfleet.core.errors import BadSelector, UnknownStrategy
from proxyfleet.core.selector import Selector
from proxyfleet.core.strategies.registry import strategy_named
from proxyfleet.gateway.access import LEASEHOLDER
from proxyfleet.gateway.metering import Meter, Meters
from proxyfleet.ports import GatewayUser
from proxyfleet.wire.dialects import DIALECTS, Exit, serves
from proxyfleet.wire.http1_head import HeadError
from proxyfleet.wire.parameters import PARAMETERS, Asked, BadParameters, overriding, parse, parse_fields, seconds

MOST_TERMS = 8192
SESSION_TTL = 600.0
CLAUSES = ("country", "region", "city", "asn", "type", "kind", "scheme", "provider", "source", "id")
GEO = ("country", "region", "city", "asn")
Kept = TypeVar("Kept")


class Terms:
    """`key` is what the strategy `sticky` sticks to. `bound`: a session or a lease decides about the proxy.

    `exit` is where it shall be, for providers that are told so; `elsewhere` are the rotating endpoints that can be told,
    for when nobody is there already. `special`: there is more to do than to pick a proxy.
    """

    __slots__ = (
        "bound", "elsewhere", "exit", "key", "lease", "meter", "networks", "pinned", "selector", "session", "special",
        "strategy", "ttl", "user",
    )  # fmt: skip

    def __init__(self, user: GatewayUser | None, selector: Selector) -> None:
        self.user = user
        self.selector = selector
        self.strategy: str | None = None
        self.key = "" if user is None else user.name
        self.session: str | None = None
        self.lease: str | None = None
        self.ttl = SESSION_TTL
        self.pinned = False
        self.bound = False
        self.exit = Exit()
        self.elsewhere: Selector | None = None
        self.meter: Meter | None = None
        self.special = False
        self.networks = () if user is None else tuple(ipaddress.ip_network(one) for one in user.clients)

    def serve(self, host: str) -> bool:
        """Whether the user may come from that address."""
        if not self.networks:
            return True
        try:
            address = ipaddress.ip_address(host)
        except ValueError:  # gone again before it was looked at
            return False
        return any(address in network for network in self.networks)


class TermsBook:
    """All terms under one setting of the gateway. `of` raises `HeadError` 400 for parameters that cannot be served."""

    def __init__(
        self,
        selector: Selector,
        meters: Meters | None = None,
        timer: Clock = monotonic_clock,
        *,
        capped: bool = False,
    ) -> None:
        self._selector = selector
        self._meters = meters or Meters()
        self._timer = timer
        self._capped = capped
        self._allowed: dict[str, Selector | None] = {}
        self._known: dict[tuple[GatewayUser | None, str], Terms] = {}
        self._by_fields: dict[tuple[GatewayUser | None, str, Asked], Terms] = {}
        self.plain = Terms(None, selector)
        self.plain.special = capped

    def of(self, user: GatewayUser | None, rest: str) -> Terms:
        """For a user and what stood after the name."""
        key = (user, rest)
        known = self._known.get(key)
        if known is None:
            known = _remembered(self._known, key, self._made(user, lambda: parse(rest)))
        return known

    def with_fields(self, user: GatewayUser | None, rest: str, special: dict[bytes, bytes]) -> Terms:
        """The same with `X-Proxyfleet-*` fields of one request, which win over the user name."""
        try:
            fields = parse_fields(special)
        except BadParameters as problem:
            raise _refused(problem) from None
        if not fields:
            return self.of(user, rest)
        if user is LEASEHOLDER and any(name in ("lease", "session") for name, _ in fields):
            raise HeadError(403, "lease_ended")
        key = (user, rest, fields)
        known = self._by_fields.get(key)
        if known is None:
            made = self._made(user, lambda: overriding(parse(rest), fields))
            known = _remembered(self._by_fields, key, made)
        return known

    def _made(self, user: GatewayUser | None, read: Callable[[], Asked]) -> Terms:
        try:
            asked = read()
            terms = Terms(user, self._for_user(user))
            _apply(terms, asked)
            terms.meter = self._meters.of(user, self._timer())
            terms.special = terms.bound or self._capped or terms.meter is not None
        except BadParameters as problem:
            raise _refused(problem) from None
        return terms

    def _for_user(self, user: GatewayUser | None) -> Selector:
        if user is None or not user.selector:
            return self._selector
        if user.selector not in self._allowed:
            try:
                self._allowed[user.selector] = self._selector.narrowed(Selector.parse(user.selector))
            except BadSelector:
                self._allowed[user.selector] = None
        allowed = self._allowed[user.selector]
        if allowed is None:
            # Written by another version perhaps: nothing is safer than everything.
            raise HeadError(403, "user_selector")
        return allowed


def _remembered(known: dict[Kept, Terms], key: Kept, terms: Terms) -> Terms:
    if len(known) >= MOST_TERMS:
        del known[next(iter(known))]
    known[key] = terms
    return terms


def _apply(terms: Terms, asked: Asked) -> None:
    told = dict(asked)
    wanted = _selector(asked, told)
    if any(name in told for name in GEO):
        terms.exit = _exit(told)
        terms.elsewhere = _elsewhere(terms, asked, told)
    terms.selector = terms.selector.narrowed(wanted)
    terms.strategy = _strategy(told.get("strategy"))
    terms.session, terms.lease = told.get("session"), told.get("lease")
    terms.pinned = "pinned" in told
    if terms.session is None and (terms.pinned or "ttl" in told):
        raise BadParameters("parameter_without_session", "pinned" if terms.pinned else "ttl")
    if terms.session is not None and terms.lease is not None:
        raise BadParameters("parameter_twice", "lease")
    if "ttl" in told:
        terms.ttl = seconds(told["ttl"])
    terms.bound = terms.session is not None or terms.lease is not None
    terms.key = terms.session or terms.key


def _exit(told: dict[str, str]) -> Exit:
    """One place: of several that would do, the first."""
    country, region, city, asn = (told.get(name, "").lower().partition(",")[0] for name in GEO)
    return Exit(country, region, city, asn.removeprefix("as"))


def _elsewhere(terms: Terms, asked: Asked, told: dict[str, str]) -> Selector | None:
    """Rotating endpoints that are not sold for a place, of providers that can be told this one."""
    able = tuple(name for name, dialect in DIALECTS.items() if serves(dialect, terms.exit))
    if not able:
        return None
    apart = tuple(one for one in asked if one[0] not in GEO)
    free = [Clause(name, Op.EQ, (None,)) for name in GEO if name in told]
    rotating = Selector((*free, Clause("kind", Op.EQ, ("rotating",)), Clause("provider", Op.EQ, able)))
    return terms.selector.narrowed(_selector(apart, dict(apart))).narrowed(rotating)


def _selector(asked: Asked, told: dict[str, str]) -> Selector:
    clauses = [_clause(name, told[name]) for name in CLAUSES if name in told]
    clauses += [_clause("tag", value) for name, value in asked if name == "tag"]
    try:
        special = Selector(
            clauses,
            min_score=float(told["min_score"]) if "min_score" in told else None,
            exclude=[int(one) for one in told["exclude"].split(",")] if "exclude" in told else (),
            resource=told.get("resource"),
            spread=_spread(told.get("spread")),
        )
        return special.narrowed(Selector.parse(told["selector"])) if "selector" in told else special
    except BadSelector:
        raise BadParameters("parameter_value", "selector") from None


def _clause(name: str, value: str) -> Clause:
    read = FIELDS[name].read
    try:
        return Clause(name, Op.EQ, tuple(read(one) for one in value.split(",")))
    except ValueError:
        raise BadParameters("parameter_value", name) from None


def _spread(value: str | None) -> str | None:
    if value not in (None, "country", "cheapest"):
        raise BadParameters("parameter_value", "spread")
    return value


def _strategy(value: str | None) -> str | None:
    try:
        return None if value is None else strategy_named(value).name
    except UnknownStrategy:
        raise BadParameters("parameter_value", "strategy") from None


def _refused(problem: BadParameters) -> HeadError:
    """Names only what stands in our own table: nothing of the request is said back."""
    if not problem.name:
        return HeadError(400, problem.code)
    return HeadError(400, problem.code, f"{problem.name} ({PARAMETERS[problem.name].wants})")
