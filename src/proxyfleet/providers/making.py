"""Makes a proxy of what a provider lists, judged like every imported one. A date that cannot be read never loses the proxy."""

from decimal import Decimal
from typing import Final, NamedTuple

from proxyfleet.core.errors import BadProxy
from proxyfleet.core.proxy import Details, Kind, Labels, Proxy, ProxyType, Scheme, Secret
from proxyfleet.providers.answers import Unreadable
from proxyfleet.wire.text.checks import Draft, Rules, entry_of
from proxyfleet.wire.text.countries import country_code
from proxyfleet.wire.text.dates import expiry
from proxyfleet.wire.text.reasons import REASONS, Refused

ODD_DATE: Final = "its expiry cannot be read"
PRIVATE: Final = "its address is not public, and the option allow_private does not say yes"


class Parts(NamedTuple):
    """A proxy in the provider's words. `expires` is a text in any form of `wire.text.dates`, or epoch seconds."""

    host: str
    port: str
    scheme: str = "http"
    username: str = ""
    password: str = ""
    country: str = ""
    city: str = ""
    expires: str = ""
    exit_address: str = ""
    type: ProxyType = ProxyType.DATACENTER
    kind: Kind = Kind.STATIC
    cost_per_month: Decimal | None = None
    currency: str | None = None


def proxy_of(parts: Parts, provider: str, where: str, *, allow_private: bool) -> Proxy:
    """The proxy. Raises `Unreadable`, which tells `where` and why, but no value."""
    host = f"[{parts.host}]" if ":" in parts.host and not parts.host.startswith("[") else parts.host
    draft = Draft(host, parts.port, parts.username or None, parts.password or None, parts.scheme.lower())
    try:
        entry = entry_of(draft, Rules(allow_private=allow_private))
        return Proxy(
            Scheme(entry.scheme),
            entry.host,
            entry.port,
            entry.username,
            None if entry.password is None else Secret(entry.password),
            expires_at=expires_at(parts.expires)[0],
            labels=_labels(parts, provider),
            details=_details(parts),
        )
    except Refused as refused:
        reason = REASONS.get(refused.code)
        told = PRIVATE if refused.code == "not_global" else reason.meaning if reason else refused.code
        raise Unreadable(f"{where}: {told}") from None
    except BadProxy:
        raise Unreadable(f"{where}: a field is impossible") from None


def expires_at(told: str) -> tuple[float | None, bool]:
    """UTC epoch seconds, None for never; and whether it could be read."""
    try:
        return expiry(told), True
    except Refused:
        return None, False


def _labels(parts: Parts, provider: str) -> Labels:
    return Labels(
        kind=parts.kind,
        type=parts.type,
        country=country_code(parts.country),
        city=parts.city or None,
        provider=provider,
        cost_per_month=parts.cost_per_month,
        currency=parts.currency,
    )


def _details(parts: Parts) -> Details | None:
    notes = "" if expires_at(parts.expires)[1] else f"{ODD_DATE}: {parts.expires[:40]!r}"
    exit_address = parts.exit_address if parts.exit_address != parts.host else ""
    return Details(notes=notes, exit_address=exit_address or None) if notes or exit_address else None
