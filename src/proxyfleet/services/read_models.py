"""What the faces show of a fleet, as plain values that become JSON or tables: one meaning of "healthy" for all of them.

Reads a `FleetState` and changes nothing. Passwords and refresh URLs are not in any of it.
"""

from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import UTC, datetime
from decimal import Decimal

from proxyfleet.core.clause import Found, Profile
from proxyfleet.core.fleet import FleetState
from proxyfleet.core.health.latency import Quantiles
from proxyfleet.core.lease import FOREVER, Held, Hold, Lease
from proxyfleet.core.lease_table import LeaseTable
from proxyfleet.core.proxy import LABEL_FIELDS, Details, Measured, Proxy, by_days_left
from proxyfleet.core.report import HealthReport
from proxyfleet.core.selector import Selector
from proxyfleet.services.exits import counted, exit_of

Shown = dict[str, object]
PLAIN = Details()
UNMEASURED = Measured()
HEALTH_FIELDS = tuple(f.name for f in fields(HealthReport))


def instant(seconds: float | None) -> str | None:
    """UTC seconds as ISO 8601, to the second; an instant no calendar has is told as its number."""
    if seconds is None:
        return None
    try:
        return datetime.fromtimestamp(int(seconds), UTC).isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError, OSError):
        return str(seconds)


def shown_proxy(proxy: Proxy, now: float) -> Shown:
    """The record of a proxy without its secrets; `has_password` says whether there is one."""
    labels = {name: _plain(getattr(proxy.labels, name)) for name in LABEL_FIELDS}
    details = proxy.details or PLAIN
    return {
        "id": proxy.id,
        "address": proxy.address,
        "scheme": proxy.scheme.value,
        "host": proxy.host,
        "port": proxy.port,
        "username": proxy.username,
        "has_password": proxy.password is not None,
        "status": proxy.status.value,
        "days_left": proxy.days_left(now),
        "expires_at": instant(proxy.expires_at),
        "capacity": proxy.slots,
        **labels,
        "max_connections": details.max_connections,
        "min_interval": details.min_interval,
        "target_capacity": details.target_capacity,
        "exit_address": details.exit_address,
        "protocols": list(details.protocols),
        **shown_measured(details.measured or UNMEASURED),
        "notes": details.notes,
    }


def shown_measured(measured: Measured) -> Shown:
    """What checks have found, beside what is claimed; what is not known is null."""
    return {
        "measured_exit": measured.exit_address,
        "measured_asn": measured.asn,
        "measured_network": measured.network or None,
        "measured_protocols": list(measured.protocols),
        "tls_untouched": measured.tls,
        "resolves_names": measured.names,
        "sites": dict(measured.sites),
        "rotated_at": instant(measured.rotated_at or None),
    }


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    return str(value) if isinstance(value, str | Decimal) else value


def shown_health(health: HealthReport) -> Shown:
    """The health of a proxy; times in seconds, instants as text."""
    told: Shown = {name: getattr(health, name) for name in HEALTH_FIELDS}
    for name in ("last_success", "last_failure", "last_used", "rest_until"):
        told[name] = instant(getattr(health, name))
    return told | {"latency": _seconds(health.latency), "attempts": health.attempts}


def matching(fleet: FleetState, selector: Selector, now: float) -> Iterator[int]:
    """Ids of the proxies that a selector names, whether or not they may be used now; target and resource do not count."""
    for proxy_id in list(fleet):
        if proxy_id not in selector.exclude and _matches(fleet, proxy_id, selector, now):
            yield proxy_id


def _matches(fleet: FleetState, proxy_id: int, selector: Selector, now: float) -> bool:
    if not selector.text:
        return True
    proxy = fleet.get(proxy_id)
    if not selector.matches(Profile(proxy.scheme, proxy.labels)):
        return False
    if not selector.facts and selector.min_score is None:
        return True
    health = fleet.health(proxy_id, now)
    facts = _facts(proxy, health, now)
    good_enough = selector.min_score is None or health.health >= selector.min_score
    return good_enough and all(clause.accepts(facts.get(clause.field)) for clause in selector.facts)


def _facts(proxy: Proxy, health: HealthReport, now: float) -> dict[str, Found]:
    details = proxy.details or PLAIN
    return {
        "id": proxy.id,
        "host": proxy.host,
        "port": proxy.port,
        "username": proxy.username,
        "status": proxy.status.value,
        "days_left": proxy.days_left(now),
        "capacity": proxy.slots,
        "free": health.free,
        "max_connections": details.max_connections,
        "min_interval": details.min_interval or None,
        "target_capacity": details.target_capacity,
        "notes": details.notes or None,
        "exit_address": details.exit,
        "reputation": health.reputation,
        "health": health.health,
        "uses": health.attempts,
    }


def row(fleet: FleetState, proxy_id: int, now: float) -> Shown:
    """One proxy with its health."""
    told = {"health": shown_health(fleet.health(proxy_id, now)), "fleet_health": fleet.fleet_health(proxy_id, now)}
    return shown_proxy(fleet.get(proxy_id), now) | told


def in_listing_order(fleet: FleetState, ids: Iterator[int]) -> list[int]:
    """Most days left first, those without expiry last (SPEC A5, rule 15)."""
    return sorted(ids, key=lambda proxy_id: (by_days_left(fleet.get(proxy_id)), proxy_id))


def stats(fleet: FleetState, now: float) -> Shown:
    """The whole fleet in numbers: SPEC E8's names, then the core's report."""
    report = fleet.report(now)
    expired, exits = 0, list[str]()
    for proxy in map(fleet.get, fleet):  # one record at a time: all of them at once are more than the fleet itself
        expired += proxy.expired(now)
        exit_address = exit_of(proxy)
        if exit_address:
            exits.append(exit_address)
    told: Shown = asdict(report) | {"latency": _seconds(report.latency)}
    return {
        "total_proxies": report.total,
        "available": report.ready,
        "expired": expired,
        "current": report.leases,
        "total_capacity": report.capacity,
        "available_capacity": report.free,
        **counted(exits),
        "selections": fleet.selections,
        "refusals": fleet.refusals,
        "strategy": fleet.strategy,
        **told,
    }


def claims(table: LeaseTable, now: float) -> Shown:
    """What is claimed, in numbers: leases, reservations among them, assignments, pairs that cool down."""
    kinds = [hold.kind for hold in table.holds(now)]
    return {
        "leases": len(table),
        "pending_reservations": kinds.count(Held.RESERVATION),
        "assignments": kinds.count(Held.ASSIGNMENT),
        "cooling": kinds.count(Held.COOLING),
        "cache_valid": True,
        "cache_age_seconds": 0.0,
    }


def shown_lease(lease: Lease, now: float) -> Shown:
    """One lease; `seconds_left` in the node's clock."""
    return {
        "lease": lease.id,
        "token": lease.token,
        "proxy_id": lease.proxy_id,
        "principal": lease.holder.principal,
        "label": lease.holder.label,
        "resource": lease.resource,
        "session": lease.session or None,
        "granted": instant(lease.granted),
        "expires": instant(lease.expires),
        "seconds_left": round(lease.expires - now, 1),
    }


def shown_hold(hold: Hold) -> Shown:
    """Who has a pair."""
    return {
        "proxy_id": hold.proxy_id,
        "resource": hold.resource,
        "session": hold.session or None,
        "kind": hold.kind.value,
        "principal": hold.holder.principal,
        "label": hold.holder.label,
        "since": instant(hold.since),
        "until": None if hold.until == FOREVER else instant(hold.until),
    }


def explained(fleet: FleetState, selector: Selector, now: float, target: str | None = None) -> Iterator[Shown]:
    """For every proxy of the fleet whether it is eligible, why not, and whether it is taken when nobody is (SPEC D4)."""
    # All at once: the core's walk does not survive changes of the fleet between two of its steps.
    for one in list(fleet.explain(selector, now, target=target)):
        if one.proxy_id not in fleet:
            continue  # removed while the answer was put together
        told: Shown = {"id": one.proxy_id, "address": fleet.get(one.proxy_id).address}
        told |= {"eligible": one.eligible, "code": one.code, "reason": one.reason, "until": instant(one.until)}
        yield told | {"last_resort": one.last_resort}


def _seconds(latency: Quantiles) -> Shown:
    """Quantiles by name; None where nothing has been observed."""
    return {name: None if seconds < 0.0 else seconds for name, seconds in latency._asdict().items()}
