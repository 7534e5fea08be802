"""The short way for good lines of common shapes: one or two regular expressions instead of the whole grammar.

Only ever agrees with the long way (a property test holds it to that) or steps aside with None. It never refuses.
"""

import re
from typing import Final
from urllib.parse import unquote

from proxyfleet.wire.addresses import SUSPECT_FIRST_OCTETS, is_global, is_local_name
from proxyfleet.wire.text.checks import CAN_CONNECT, Rules, host_of
from proxyfleet.wire.text.entry import Entry, Verdict
from proxyfleet.wire.text.reasons import Refused

_SCHEME: Final = r"(?:(https?|socks4a?|socks5h?)://)?"
_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_QUAD: Final = rf"(?:{_OCTET}\.){{3}}{_OCTET}"
_PORT: Final = r"([1-9]\d{0,4})"
_WORD: Final = r"([!$-&(-+\-.0-9<-?A-Z^-z]+)"  # no : @ / , ; | quotes, brackets or #
_HOST: Final = rf"({_QUAD}|(?:[A-Za-z0-9-]+\.)+[A-Za-z][A-Za-z0-9-]*|\[[0-9A-Fa-f:.]+\])"

_QUAD_FIRST: Final = re.compile(rf"{_SCHEME}({_QUAD}):{_PORT}(?::{_WORD}:{_WORD})?", re.ASCII)
_USER_AT_QUAD: Final = re.compile(rf"{_SCHEME}{_WORD}:{_WORD}@({_QUAD}):{_PORT}", re.ASCII)
_HOST_FIRST: Final = re.compile(rf"{_SCHEME}{_HOST}:{_PORT}(?:[:@]{_WORD}:{_WORD})?", re.ASCII)
_USER_FIRST: Final = re.compile(rf"{_SCHEME}{_WORD}:{_WORD}([:@]){_HOST}:{_PORT}", re.ASCII)
_LONGEST: Final = 240  # bytes; nothing inside can then be too long for a label, a name or SOCKS

_Parts = tuple[str | None, str, str, str | None, str | None]  # scheme, host, port, username, password
_new: Final = tuple.__new__  # a third of the cost of a NamedTuple's own constructor


def quick(text: str, number: int, rules: Rules) -> Verdict | None:
    """The verdict on line `number` if it is good and of a common shape; None sends it the long way."""
    parts = _quad_parts(text) if len(text) <= _LONGEST else None
    if parts is None:
        parts = _other_parts(text, rules) if len(text) <= _LONGEST else None
        if parts is None:
            return None
    elif not rules.allow_private and parts[1].partition(".")[0] in SUSPECT_FIRST_OCTETS and not is_global(parts[1]):
        return None
    scheme, host, port, username, password = parts
    if username and password and (password.isdecimal() or password.count(".") > 2 or username.count(".") > 2):
        return None  # another reading may be as good, or entries are glued
    port_number = int(port)
    if port_number > 65535:
        return None
    scheme, extras = scheme or rules.scheme, None
    if rules.free_list and scheme == "https":
        scheme, extras = "http", CAN_CONNECT
    entry = _new(Entry, (scheme, host, port_number, username, password, extras))
    return _new(Verdict, (number, entry, None, False, ""))


def _quad_parts(text: str) -> _Parts | None:
    if "@" not in text:
        match = _QUAD_FIRST.fullmatch(text)
        if match is None:
            return None
        scheme, host, port, username, password = match.groups()
        return scheme, host, port, username, password
    match = _USER_AT_QUAD.fullmatch(text)
    if match is None or (match[1] and "%" in text):
        return None
    scheme, username, password, host, port = match.groups()
    return scheme, host, port, username, password


def _other_parts(text: str, rules: Rules) -> _Parts | None:
    match = _HOST_FIRST.fullmatch(text)
    if match is not None:
        scheme, host, port, username, password = match.groups()
    else:
        match = _USER_FIRST.fullmatch(text)
        if match is None:
            return None
        scheme, username, password, mark, host, port = match.groups()
        if scheme and mark == "@" and "%" in text:
            username, password = unquote(username), unquote(password)
            if ":" in username or not (username + password).isprintable():
                return None
    checked = _checked(host, rules)
    return None if checked is None else (scheme, checked, port, username, password)


def _checked(host: str, rules: Rules) -> str | None:
    if host[0] != "[" and len(host) <= 63 and "-" not in host and not host[-1].isdecimal():
        name = host.lower()
        return name if rules.allow_private or not is_local_name(name) else None
    try:
        return host_of(host, rules)
    except Refused:
        return None
