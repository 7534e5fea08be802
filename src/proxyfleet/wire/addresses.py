"""Which addresses and names may be reached from a public fleet: our own deny table, the same on every Python.

Literals only: nothing here resolves a name. `ipaddress.is_global` is not used because its answers differ between
Python versions and call some dangerous ranges global (reference: RFC 6890 registries, plus the cloud addresses below).
"""

import ipaddress
import re
from collections.abc import Iterable
from typing import Final

LONGEST_NAME: Final = 253
_NAME: Final = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*")
_NUMBER: Final = re.compile(r"[0-9_-]+|0x[0-9a-f]*")
_OCTETS: Final = {str(number): number for number in range(256)}

_DENIED_IPV4: Final = (
    "0.0.0.0/8",  # this network
    "10.0.0.0/8",  # private
    "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata lives in it
    "127.0.0.0/8",  # loopback
    "168.63.129.16/32",  # Azure's wire server, on a public-looking address
    "169.254.0.0/16",  # link-local; the metadata address of most clouds
    "172.16.0.0/12",  # private
    "192.0.0.0/24",  # protocol assignments; Oracle's metadata lives in it
    "192.0.2.0/24",  # documentation
    "192.88.99.0/24",  # 6to4 relays, withdrawn
    "192.168.0.0/16",  # private
    "198.18.0.0/15",  # benchmarking
    "198.51.100.0/24",  # documentation
    "203.0.113.0/24",  # documentation
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, broadcast
)
# Outside 2000::/3 nothing is global unicast, so only exceptions inside it are listed.
_DENIED_IPV6: Final = (
    "2001::/23",  # protocol assignments (Teredo is unwrapped before)
    "2001:db8::/32",  # documentation
    "3fff::/20",  # documentation
)
_GLOBAL_UNICAST: Final = 0b001
_LOCAL_NAMES: Final = frozenset(
    {"localhost", "local", "internal", "localdomain", "lan", "home", "corp", "intranet", "private", "svc"}
)
_LOCAL_SUFFIX: Final = "home.arpa"


def _spans(networks: Iterable[str]) -> tuple[tuple[int, int], ...]:
    parsed = [ipaddress.ip_network(network) for network in networks]
    return tuple((int(network.network_address), int(network.broadcast_address)) for network in parsed)


def _by_first_octet(networks: Iterable[str]) -> dict[int, tuple[tuple[int, int], ...]]:
    spans = _spans(networks)
    table = {first: tuple(s for s in spans if s[0] >> 24 <= first <= s[1] >> 24) for first in range(256)}
    return {first: found for first, found in table.items() if found}


_IPV4_SPANS: Final = _by_first_octet(_DENIED_IPV4)
_IPV6_SPANS: Final = _spans(_DENIED_IPV6)

SUSPECT_FIRST_OCTETS: Final = frozenset(str(first) for first in _IPV4_SPANS)
"""First octets (as text) of IPv4 addresses that need `is_global`; every other canonical dotted quad is global."""


def parse_ipv4_strict(text: str) -> int | None:
    """The 32-bit number of a canonical dotted quad, else None: no zero padding, no short, octal or hex forms.

    `getaddrinfo` reads `127.1`, `0177.0.0.1`, `2130706433` and `0x7f.1` as loopback; here they are no addresses.
    """
    parts = text.split(".")
    if len(parts) != 4:
        return None
    number = 0
    for part in parts:
        octet = _OCTETS.get(part)
        if octet is None:
            return None
        number = number << 8 | octet
    return number


def is_global(address: str) -> bool:
    """Whether a literal address may be dialled without `allow_private`; what is no literal address is not global.

    Addresses that carry an IPv4 address (mapped, compatible, 6to4, Teredo, NAT64) are judged by the one they carry.
    IPv6 comes without brackets; a zone (`fe80::1%eth0`) is never global.
    """
    number = parse_ipv4_strict(address)
    if number is not None:
        return is_global_ipv4(number)
    try:
        return "%" not in address and is_global_ipv6(int(ipaddress.IPv6Address(address)))
    except ValueError:
        return False


def is_local_name(name: str) -> bool:
    """Whether a lower-case host name only means something inside one machine or network.

    True for one label (`proxy1`) and for everything under `.localhost`, `.local`, `.internal`, `.home.arpa` (RFC 6761,
    6762, 8375; metadata.google.internal is one of them) and under what routers, offices and Kubernetes use in their
    place: `.localdomain`, `.lan`, `.home`, `.corp`, `.intranet`, `.private`, `.svc`.
    """
    name = name.rstrip(".")
    _, dot, last = name.rpartition(".")
    return not dot or last in _LOCAL_NAMES or name == _LOCAL_SUFFIX or name.endswith("." + _LOCAL_SUFFIX)


def is_name(host: str) -> bool:
    """Whether every resolver takes `host`, in lower case and without the root dot, for the same name.

    Letters, digits, `-` and `_` in labels of 1 to 63, 253 in all. One whose last label is a number or has no letter is
    none: resolvers read it as an IPv4 address (the "ends in a number" test of the WHATWG URL standard).
    """
    return (
        len(host) <= LONGEST_NAME
        and _NAME.fullmatch(host) is not None
        and _NUMBER.fullmatch(host.rpartition(".")[2]) is None
    )


def number_of(address: str) -> int | None:
    """The number of a literal address in its one spelling, None for everything else.

    Numbers below 2^32 are IPv4; so are mapped, compatible, 6to4 and NAT64 ones, which lead to the IPv4 address that they
    carry. `::` and `::1` stay 0 and 1.
    """
    number = parse_ipv4_strict(address)
    if number is None:
        try:
            number = int(ipaddress.IPv6Address(address)) if "%" not in address else None
        except ValueError:
            return None
    if number is None or number < 1 << 32:
        return number
    carried = _carried_ipv4(number)
    return carried[0] if len(carried) == 1 else number


def is_global_ipv4(number: int) -> bool:
    """As `is_global`, for the number of an IPv4 address."""
    spans = _IPV4_SPANS.get(number >> 24)
    return spans is None or not any(low <= number <= high for low, high in spans)


def is_global_ipv6(number: int) -> bool:
    """As `is_global`, for the number of an IPv6 address."""
    carried = _carried_ipv4(number)
    if carried:
        return all(is_global_ipv4(one) for one in carried)
    if number >> 125 != _GLOBAL_UNICAST:
        return False
    return not any(low <= number <= high for low, high in _IPV6_SPANS)


def _carried_ipv4(number: int) -> tuple[int, ...]:
    last = number & 0xFFFFFFFF
    prefix = number >> 32
    if prefix in (0, 0xFFFF, 0x64FF9B << 64):  # compatible, mapped (RFC 4291), NAT64 (RFC 6052)
        return (last,)
    if number >> 112 == 0x2002:  # 6to4 (RFC 3056)
        return (number >> 80 & 0xFFFFFFFF,)
    if number >> 96 == 0x20010000:  # Teredo (RFC 4380): server, and client with its bits inverted
        return (number >> 64 & 0xFFFFFFFF, last ^ 0xFFFFFFFF)
    return ()
