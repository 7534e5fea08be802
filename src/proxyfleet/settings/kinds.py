"""How the value of a setting is read from TOML or from text, and written for people. Knows types, not settings.

Each `Kind` reads both forms, because an environment variable and a flag are text where a file has types. A value that
does not fit raises ValueError with what would fit.
"""

import ipaddress
from collections.abc import Callable
from typing import Final, NamedTuple

from proxyfleet.core.errors import BadSelector
from proxyfleet.core.selector import Selector
from proxyfleet.wire.answer_rules import parse_rule

Address = tuple[str, int]
"""(host, port); port 0 takes a free one."""

_TRUE: Final = frozenset({"true", "yes", "on", "1"})
_FALSE: Final = frozenset({"false", "no", "off", "0"})


class Kind(NamedTuple):
    """`wanted` says in words what `read` accepts; `write` gives text that `read` accepts again."""

    wanted: str
    read: Callable[[object], object]
    write: Callable[[object], str] = str


def about(kind: Kind, meaning: str) -> dict[str, object]:
    """What a field of a section knows of itself besides its default; for `dataclasses.field(metadata=...)`."""
    return {"kind": kind, "meaning": meaning}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value.strip()
    raise ValueError("text in quotes")


def _boolean(value: object) -> bool:
    if isinstance(value, bool):
        return value
    word = value.strip().lower() if isinstance(value, str) else ""
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise ValueError("true or false")


def _whole(value: object) -> int:
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError("a whole number")


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise ValueError("a number")
    try:
        number = float(value)
    except ValueError:
        raise ValueError("a number") from None
    if number != number or number in (float("inf"), float("-inf")):
        raise ValueError("a finite number")
    return number


def _bounded(read: Callable[[object], float], low: float, high: float) -> Callable[[object], float]:
    def bounded(value: object) -> float:
        number = read(value)
        if not low <= number <= high:
            raise ValueError(f"from {low:g} to {high:g}")
        return number

    return bounded


def whole(low: int = 0, high: int = 1_000_000_000) -> Kind:
    """A whole number within bounds."""
    return Kind(f"whole number, {low} to {high}", _bounded(_whole, low, high))


def seconds(low: float = 0.001, high: float = 604_800.0) -> Kind:
    """A duration in seconds; a week at most unless said otherwise."""
    return Kind(f"seconds, {low:g} to {high:g}", _bounded(_number, low, high))


def share() -> Kind:
    """A part of the whole."""
    return Kind("number, 0 to 1", _bounded(_number, 0.0, 1.0))


def choice(*words: str) -> Kind:
    """One of a few words."""

    def read(value: object) -> str:
        word = _text(value).lower()
        if word not in words:
            raise ValueError(f"one of: {', '.join(words)}")
        return word

    return Kind(" or ".join(words), read)


def address_of(text: str) -> Address:
    """`HOST:PORT`, IPv6 in brackets; ValueError otherwise."""
    host, colon, port = text.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if not colon or not bare or (":" in bare) != host.startswith("[") or not (port.isascii() and port.isdigit()):
        raise ValueError("HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080")
    if int(port) > 65535:
        raise ValueError("a port from 0 to 65535")
    return bare, int(port)


def address_text(address: Address) -> str:
    """The other way round."""
    host, port = address
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _optional_address(value: object) -> Address | None:
    text = _text(value)
    return None if text.lower() == "off" else address_of(text)


def _items(value: object) -> list[str]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, list) and all(isinstance(one, str | int) and not isinstance(one, bool) for one in value):
        return [str(one) for one in value]
    raise ValueError("a list, or text separated by commas")


def _networks(value: object) -> tuple[str, ...]:
    try:
        return tuple(str(ipaddress.ip_network(one)) for one in _items(value))
    except ValueError as problem:
        raise ValueError(f"networks such as 10.0.0.0/8 ({problem})") from None


def _ports(value: object) -> frozenset[int] | None:
    if isinstance(value, str) and value.strip().lower() == "any":
        return None
    found = frozenset(_whole(one) for one in _items(value))
    if not found or not all(0 < port < 65536 for port in found):
        raise ValueError("ports from 1 to 65535, or any")
    return found


def _ports_text(value: object) -> str:
    return ",".join(str(port) for port in sorted(value)) if isinstance(value, frozenset) else "any"


def _selector(value: object) -> Selector:
    try:
        return Selector.parse(_text(value))
    except BadSelector as problem:
        raise ValueError(f"a selector ({problem})") from None


def _rules(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        texts = [part.strip() for part in value.split(";") if part.strip()]
    elif isinstance(value, list) and all(isinstance(one, str) for one in value):
        texts = [str(one) for one in value]
    else:
        raise ValueError("a list of rules, or rules separated by semicolons")
    for text in texts:
        parse_rule(text)
    return tuple(texts)


def _rules_text(value: object) -> str:
    return "; ".join(map(str, value)) if isinstance(value, tuple) else ""


def _places(value: object) -> frozenset[Address]:
    return frozenset(address_of(one) for one in _items(value))


def _places_text(value: object) -> str:
    return ",".join(sorted(address_text(one) for one in value)) if isinstance(value, frozenset) else ""


def _joined(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, tuple) else ""


def _address_or_off(value: object) -> str:
    return address_text((str(value[0]), int(value[1]))) if isinstance(value, tuple) else "off"


TEXT: Final = Kind("text", _text)
BOOLEAN: Final = Kind("true or false", _boolean, lambda value: str(value).lower())
ADDRESS: Final = Kind("HOST:PORT", lambda value: address_of(_text(value)), _address_or_off)
OPTIONAL_ADDRESS: Final = Kind("HOST:PORT or off", _optional_address, _address_or_off)
NETWORKS: Final = Kind("list of networks", _networks, _joined)
PORTS: Final = Kind("list of ports, or any", _ports, _ports_text)
PLACES: Final = Kind("list of HOST:PORT", _places, _places_text)
RULES: Final = Kind("list of answer rules", _rules, _rules_text)
SELECTOR: Final = Kind("selector", _selector)


def kind_like(default: object) -> Kind:
    """The kind of a field that only has a default: for records of other rooms, which check their own ranges."""
    if isinstance(default, bool):
        return BOOLEAN
    if isinstance(default, int):
        return Kind("whole number", _whole)
    return Kind("number", _number) if isinstance(default, float) else TEXT
