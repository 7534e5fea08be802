"""One function decides a line: `decide`. Common shapes go the short way (quick.py), everything else the long way.

No streams here: what spans lines is the reader's business.
"""

import re
from typing import Final

from proxyfleet.wire.text.checks import Rules, entry_of, scheme_of
from proxyfleet.wire.text.entry import Verdict, masked
from proxyfleet.wire.text.fields import delimited
from proxyfleet.wire.text.labels import labelled
from proxyfleet.wire.text.lines import is_too_long, text_or_refuse
from proxyfleet.wire.text.quick import quick
from proxyfleet.wire.text.reasons import Refused
from proxyfleet.wire.text.rows import judge_row, trusted

_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_WRAPPING: Final = " \t\ufeff\u200b\u00a0"


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


def careful(text: str, number: int, rules: Rules) -> Verdict:
    """The verdict on any line, blank ones included (`no_proxy`)."""
    labels = labelled(text.strip(_WRAPPING)) if not is_too_long(text) else None
    return unlabelled(text, number, rules) if labels is None else judge_row(labels, number, rules)[0]


def unlabelled(text: str, number: int, rules: Rules) -> Verdict:
    """The verdict on a line that is not made of `label: value` pairs."""
    try:
        found = delimited(_tidy(text))
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
