"""One function decides a line: `decide`. Common shapes take one regular expression, everything else the long way.

Both ways agree; the short one only exists because lists have millions of lines.
"""

import re
from typing import Final

from proxyfleet.wire.addresses import SUSPECT_FIRST_OCTETS, is_global
from proxyfleet.wire.text.checks import Rules, entry_of, scheme_of
from proxyfleet.wire.text.entry import Entry, Verdict, masked
from proxyfleet.wire.text.fields import delimited
from proxyfleet.wire.text.labels import labelled
from proxyfleet.wire.text.lines import text_or_refuse
from proxyfleet.wire.text.reasons import Refused
from proxyfleet.wire.text.rows import judge_row, trusted

_OCTET: Final = r"(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)"
_HOST_PORT: Final = rf"((?:{_OCTET}\.){{3}}{_OCTET}):([1-9]\d{{0,4}})"
_SCHEME: Final = r"(?:(https?|socks4a?|socks5h?)://)?"
_PLAIN: Final = re.compile(rf"{_SCHEME}{_HOST_PORT}(?::([!$-+\-.0-9<-?A-Z^-z]+):([!$-+\-.0-9<-?A-Z^-z]+))?", re.ASCII)
_WITH_USER: Final = re.compile(rf"{_SCHEME}([!$&-+\-.0-9<-?A-Z^-z]+):([!$&-+\-.0-9<-?A-Z^-z]+)@{_HOST_PORT}", re.ASCII)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_WRAPPING: Final = " \t\ufeff\u200b\u00a0"

_new: Final = tuple.__new__  # a third of the cost of a NamedTuple's own constructor


def decide(
    text: str, *, scheme: str = "http", allow_private: bool = False, free_list: bool = False, line: int = 1
) -> Verdict:
    """The verdict on one line of a list, in any form of docs/reference/text-formats.md.

    `scheme` is for lines that name none; `allow_private` accepts addresses that are not global; in a `free_list`
    `https` means an HTTP proxy that can CONNECT (SPEC rule 16). ValueError for an unknown `scheme`.
    """
    return judge(text, line, rules_of(scheme, allow_private=allow_private, free_list=free_list))


def rules_of(scheme: str, *, allow_private: bool, free_list: bool) -> Rules:
    """Checked rules; ValueError names the schemes there are."""
    try:
        return Rules(scheme_of(scheme), allow_private, free_list)
    except Refused as refused:
        raise ValueError(f"unknown scheme {scheme!r}; use http, https, socks4, socks4a, socks5 or socks5h") from refused


def judge(text: str, number: int, rules: Rules) -> Verdict:
    """As `decide`, with the rules in one piece."""
    return quick(text, number, rules) or careful(text, number, rules)


def quick(text: str, number: int, rules: Rules) -> Verdict | None:
    """The verdict on a good line of a common shape with a dotted quad; None sends it the long way."""
    if "@" in text:
        match = _WITH_USER.fullmatch(text)
        if match is None:
            return None
        scheme, username, password, host, port = match.groups()
    else:
        match = _PLAIN.fullmatch(text)
        if match is None:
            return None
        scheme, host, port, username, password = match.groups()
    if password is not None and (password.isdecimal() or len(password) > 128 or len(username) > 128):
        return None  # another reading may be as good; too long for SOCKS
    number_of_port = int(port)
    if number_of_port > 65535 or (rules.free_list and (scheme or rules.scheme) == "https"):
        return None
    if not rules.allow_private and host[: host.index(".")] in SUSPECT_FIRST_OCTETS and not is_global(host):
        return None
    entry = _new(Entry, (scheme or rules.scheme, host, number_of_port, username, password, None))
    return _new(Verdict, (number, entry, None, False, ""))


def careful(text: str, number: int, rules: Rules) -> Verdict:
    """The verdict on any line, blank ones included (`no_proxy`)."""
    try:
        tidy = _tidy(text)
        labels = labelled(tidy)
        if labels is not None:
            return judge_row(labels, number, rules)[0]
        found = delimited(tidy)
        entry = entry_of(found.draft, rules, found.extras)
    except Refused as refused:
        excerpt = "" if refused.code == "too_long" else masked(text)
        return Verdict(number, None, refused.code, False, excerpt)
    return trusted(Verdict(number, entry, None, found.ambiguous), text)


def _tidy(text: str) -> str:
    """Without blanks, quotes and a comma around it; refuses what no list should hold."""
    text = text_or_refuse(text).strip(_WRAPPING)
    if _CONTROL.search(text):
        raise Refused("control_characters")
    if text.startswith(('"', "'")):
        quote, bare = text[0], text.rstrip(",; ")
        if bare.endswith(quote) and bare.count(quote) == 2:
            return bare[1:-1].strip()
    return text
