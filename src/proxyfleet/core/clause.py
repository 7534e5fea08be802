"""One condition of a selector: a field, an operator and values; and the table of fields there are (SPEC D3).

A clause judges one value and knows nothing of fleets. Label fields are judged once per set of shared labels, fact
fields once per proxy, so the table says which is which.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import NamedTuple

from proxyfleet.core.proxy import Kind, Labels, ProxyType, Scheme, Status

Value = str | int | float | Decimal
Found = Value | frozenset[str] | None


ENDLESS = float("inf")
"""The days left of a proxy that never expires, where they are compared."""


class Profile(NamedTuple):
    """What proxies share: how they are spoken to and their labels."""

    scheme: Scheme
    labels: Labels


class Field(NamedTuple):
    """A name that selectors may use: how its text is read, and, for labels, how it is got from a profile."""

    read: Callable[[str], Value]
    label: Callable[[Profile], Found] | None
    ordered: bool
    meaning: str


class Op(StrEnum):
    """`=` any of the values, `!=` none of them; the others compare numbers and are false where the field is not set."""

    EQ = "="
    NE = "!="
    GE = ">="
    LE = "<="
    GT = ">"
    LT = "<"


@dataclass(frozen=True, slots=True)
class Clause:
    """`accepts(found)` tells whether a field's value satisfies the clause; None stands for a field that is not set."""

    field: str
    op: Op
    values: tuple[Value | None, ...]

    def accepts(self, found: Found) -> bool:
        """Judge one value; for sets (tags) `=` means that any of the wanted ones is in it."""
        if self.op is Op.EQ:
            return self._any(found)
        if self.op is Op.NE:
            return not self._any(found)
        if found is None and self.field == "days_left":
            found = ENDLESS
        if found is None or isinstance(found, (str, frozenset)):
            return False
        return _compare(self.op, found, self.values[0])

    def _any(self, found: Found) -> bool:
        if isinstance(found, frozenset):
            return not found.isdisjoint(self.values) or (not found and None in self.values)
        return found in self.values

    def __str__(self) -> str:
        return f"{self.field}{self.op.value}{','.join(_written(value) for value in self.values)}"


def _compare(op: Op, found: int | float | Decimal, limit: Value | None) -> bool:
    if limit is None or isinstance(limit, str):
        return False
    if op is Op.GE:
        return found >= limit
    if op is Op.LE:
        return found <= limit
    return found > limit if op is Op.GT else found < limit


def _written(value: Value | None) -> str:
    text = "" if value is None else str(value)
    return f'"{text}"' if any(c in ',"=<>!' or c.isspace() for c in text) else text


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        raise ValueError(f"{text!r} is not a number") from None
    if not number.is_finite():
        raise ValueError(f"{text!r} is not a finite number")
    return number


def _whole(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise ValueError(f"{text!r} is not a whole number")
    return int(text)


def _asn(text: str) -> int:
    return _whole(text.upper().removeprefix("AS"))


def _one_of(kind: type[StrEnum]) -> Callable[[str], Value]:
    def read(text: str) -> Value:
        try:
            return kind(text.lower()).value
        except ValueError:
            raise ValueError(f"{text!r} is none of {', '.join(member.value for member in kind)}") from None

    return read


def _country(text: str) -> str:
    if len(text) != 2 or not text.isalpha() or not text.isascii():
        raise ValueError(f"{text!r} is not a country code of two letters, such as US")
    return text.upper()


def _family(text: str) -> Value:
    families = sorted({scheme.family for scheme in Scheme})
    if text.lower() not in families:
        raise ValueError(f"{text!r} is none of {', '.join(families)}")
    return text.lower()


def tier_of(labels: Labels) -> str | None:
    """Proxies of one price are one tier, written per gigabyte / per month; None when no price is known."""
    if labels.cost_per_gb is None and labels.cost_per_month is None:
        return None
    return f"{(labels.cost_per_gb or Decimal()):f}/{(labels.cost_per_month or Decimal()):f}"


FIELDS: dict[str, Field] = {
    "scheme": Field(_one_of(Scheme), lambda p: p.scheme.value, False, "how the proxy is spoken to"),
    "family": Field(_family, lambda p: p.scheme.family, False, "http, https, socks4 or socks5"),
    "kind": Field(_one_of(Kind), lambda p: p.labels.kind.value, False, "static or rotating"),
    "type": Field(_one_of(ProxyType), lambda p: p.labels.type.value, False, "datacenter, residential, mobile or isp"),
    "country": Field(
        _country, lambda p: p.labels.place, False, "measured country, or the claimed one while unmeasured"
    ),
    "claimed_country": Field(_country, lambda p: p.labels.country, False, "what the source claims"),
    "measured_country": Field(_country, lambda p: p.labels.measured_country, False, "what a check has found"),
    "region": Field(str, lambda p: p.labels.region, False, "claimed region"),
    "city": Field(str, lambda p: p.labels.city, False, "claimed city"),
    "asn": Field(_asn, lambda p: p.labels.asn, True, "number of the network, with or without AS"),
    "tag": Field(str, lambda p: p.labels.tags, False, "carries this tag; repeat it to ask for several at once"),
    "provider": Field(str, lambda p: p.labels.provider, False, "who sold it"),
    "source": Field(str, lambda p: p.labels.source, False, "where it was found"),
    "anonymity": Field(str, lambda p: p.labels.anonymity, False, "claimed anonymity"),
    "measured_anonymity": Field(str, lambda p: p.labels.measured_anonymity, False, "anonymity found by a check"),
    "cost_per_month": Field(_number, lambda p: p.labels.cost_per_month, True, "price of a month"),
    "cost_per_gb": Field(_number, lambda p: p.labels.cost_per_gb, True, "price of a gigabyte"),
    "currency": Field(str.upper, lambda p: p.labels.currency, False, "currency of the prices"),
    "tier": Field(str, lambda p: tier_of(p.labels), False, "price tier: per gigabyte / per month"),
    "id": Field(_whole, None, True, "number in this fleet"),
    "host": Field(str.lower, None, False, "name or address"),
    "port": Field(_whole, None, True, "port"),
    "username": Field(str, None, False, "user name at the proxy"),
    "status": Field(_one_of(Status), None, False, "pending, active, failed or disabled"),
    "days_left": Field(_whole, None, True, "whole days until expiry; endless where there is none"),
    "capacity": Field(_whole, None, True, "leases it may carry"),
    "free": Field(_whole, None, True, "free slots right now"),
    "max_connections": Field(_whole, None, True, "cap on connections of this node"),
    "min_interval": Field(_number, None, True, "politeness: seconds between two uses"),
    "target_capacity": Field(_whole, None, True, "leases per target"),
    "notes": Field(str, None, False, "the whole note"),
    "reputation": Field(_whole, None, True, "0 to 100"),
    "health": Field(_number, None, True, "0.0 to 1.0"),
    "uses": Field(_whole, None, True, "attempts so far"),
    "exit_address": Field(str, None, False, "measured exit address, or the claimed one while unmeasured"),
}
"""Every field of a selector; the order is the order of the documentation."""

ALIASES = {"tags": "tag", "cc": "country", "user": "username"}
