"""What a client may ask for in its user name, `user-country-us-session-a1-ttl-10m`, or in `X-Proxyfleet-*` fields (SPEC G4,
rule 13).

The set of names is closed and is the table `PARAMETERS`, from which the reference page is drawn. A value is written with
`%2D` for `-`, and any other byte may be written `%XX` too. Values are only read here; which proxies fit is decided
elsewhere.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

from proxyfleet.wire.http1_head import OWN_PREFIX

LONGEST: Final = 1024
"""Characters of a user name with its parameters."""
LONGEST_VALUE: Final = 256
SHORTEST_TTL, LONGEST_TTL = 1.0, 7 * 86_400.0


class Parameter(NamedTuple):
    """`wants` says what a value is, `shape` is what it must look like; a flag has no value. `many` may be repeated."""

    meaning: str
    wants: str
    example: str
    shape: str = r".+"
    flag: bool = False
    many: bool = False


_TEXTS, _WORD, _ID = r"[^\x00-\x1f\x7f\"]+", r"[A-Za-z0-9_,]+", r"[A-Za-z0-9._~:@+/]{1,64}"
PARAMETERS: Final[dict[str, Parameter]] = {
    "country": Parameter("country of the exit", "codes of two letters", "us or us,ca", r"[A-Za-z]{2}(,[A-Za-z]{2})*"),
    "region": Parameter("claimed region", "text", "bavaria", _TEXTS),
    "city": Parameter("claimed city", "text; a blank is %20", "new%20york", _TEXTS),
    "asn": Parameter("number of the network", "number, with or without AS", "3320", r"(?i:AS)?[0-9]{1,10}"),
    "tag": Parameter("carries this tag; repeat it to ask for several at once", "text", "premium", _TEXTS, many=True),
    "type": Parameter("where the exit lives", "datacenter, residential, mobile, isp", "mobile", _WORD),
    "kind": Parameter("one exit, or a provider's gateway", "static, rotating", "static", _WORD),
    "scheme": Parameter("how the proxy is spoken to", "http, https, socks4, socks5 ...", "socks5", _WORD),
    "provider": Parameter("who sold it", "text", "webshare", _TEXTS),
    "source": Parameter("where it was found", "text", "geonode", _TEXTS),
    "min_score": Parameter("least health", "number from 0 to 1", "0.5", r"0?\.[0-9]{1,6}|[01](\.[0-9]{1,6})?"),
    "exclude": Parameter("not these proxies", "ids", "3,17", r"[0-9]{1,18}(,[0-9]{1,18})*"),
    "id": Parameter("only these proxies", "ids", "42", r"[0-9]{1,18}(,[0-9]{1,18})*"),
    "resource": Parameter("what the proxy is for; those that somebody holds for it are skipped", "text", "shop", _TEXTS),
    "spread": Parameter("each country with the same chance, or the cheapest first", "country, cheapest", "country", _WORD),
    "selector": Parameter("a whole selector besides the others", "selector, with = as %3D", "days_left>%3D3"),
    "strategy": Parameter("how one of those that fit is picked", "name of a strategy", "fastest_response", _WORD),
    "session": Parameter("the same proxy for the same name", "1 to 64 letters, digits and . _ ~ : @ + /", "abc123", _ID),
    "ttl": Parameter("how long a session lasts after its last use", "seconds, or with s, m, h, d", "10m", r"[0-9]{1,6}[smhd]?"),
    "pinned": Parameter("a session that never moves to another proxy: it fails instead", "nothing", "", r"", flag=True),
    "lease": Parameter("use a lease that you hold", "id and fence", "17x3.42", r"[0-9]{1,10}x[0-9]{1,7}\.[0-9]{1,18}"),
}  # fmt: skip
"""Every parameter, in the order of the documentation. A comma in a value of the first kind of them means "any of"."""

_SHAPES = {name: re.compile(one.shape, re.DOTALL) for name, one in PARAMETERS.items()}
_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_FACTORS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0}
Asked = tuple[tuple[str, str], ...]
"""Names with values in the order given; of a flag the value is empty."""


class BadParameters(ValueError):
    """Parameters that cannot be read. `code` is stable; `name` is a parameter of the table, or empty for an unknown one."""

    def __init__(self, code: str, name: str = "") -> None:
        super().__init__(f"{code} {name}".strip())
        self.code = code
        self.name = name


def split_user(username: str) -> tuple[str, str]:
    """(name of the user, what follows the first `-`); user names have none of their own."""
    name, _, rest = username.partition("-")
    return name, rest


def parse(rest: str) -> Asked:
    """What follows the user's name. Raises `BadParameters`: an unknown name, a missing or impossible value, one twice."""
    if not rest:
        return ()
    if len(rest) > LONGEST:
        raise BadParameters("parameters_too_long")
    asked: list[tuple[str, str]] = []
    words = iter(rest.split("-"))
    for word in words:
        name = word.lower()
        known = PARAMETERS.get(name)
        if known is None:
            raise BadParameters("parameter_unknown")
        asked.append((name, "" if known.flag else _checked(name, _decoded(name, next(words, "")))))
    return _once(asked)


def parse_fields(fields: Mapping[bytes, bytes]) -> Asked:
    """The same from `X-Proxyfleet-Min-Score: 0.5` and its like; values stand as they are, flags are `1` or empty.

    `fields` may hold others, too; names are in lower case. Raises `BadParameters`.
    """
    asked: list[tuple[str, str]] = []
    for field, value in fields.items():
        if not field.startswith(OWN_PREFIX):
            continue
        name = field[len(OWN_PREFIX) :].decode("ascii", "replace").replace("-", "_")
        known = PARAMETERS.get(name)
        if known is None:
            raise BadParameters("parameter_unknown")
        text = _text(name, value)
        if known.flag and text.lower() not in ("", "1", "true", "yes"):
            raise BadParameters("parameter_value", name)
        asked.append((name, "" if known.flag else _checked(name, text)))
    return tuple(asked)


def overriding(asked: Asked, later: Asked) -> Asked:
    """`asked`, with what `later` names instead of what it names."""
    names = {name for name, _ in later}
    return (*(one for one in asked if one[0] not in names), *later)


def seconds(text: str) -> float:
    """`10m` as 600.0; raises `BadParameters` outside of 1 s to 7 days."""
    factor = _FACTORS.get(text[-1:])
    found = float(text) if factor is None else float(text[:-1]) * factor
    if not SHORTEST_TTL <= found <= LONGEST_TTL:
        raise BadParameters("parameter_value", "ttl")
    return found


def _decoded(name: str, written: str) -> str:
    if "%" not in written:
        return written
    if _PERCENT.search(written):
        raise BadParameters("parameter_value", name)
    return _text(name, unquote_to_bytes(written))


def _text(name: str, raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        raise BadParameters("parameter_value", name) from None


def _checked(name: str, value: str) -> str:
    if not value:
        raise BadParameters("parameter_without_value", name)
    if len(value) > LONGEST_VALUE or not value.isprintable() or _SHAPES[name].fullmatch(value) is None:
        raise BadParameters("parameter_value", name)
    return value


def _once(asked: Iterable[tuple[str, str]]) -> Asked:
    seen: set[str] = set()
    found = tuple(asked)
    for name, _ in found:
        if name in seen and not PARAMETERS[name].many:
            raise BadParameters("parameter_twice", name)
        seen.add(name)
    return found
