"""Lines whose parts are split by blanks, tabs, `|`, `,` or `;`, and endpoints followed by claims about them.

`host port user pass`, `url,CC,City`, the spys form `ip:port CC-A-S! +`, `ip:port:Country Name`, `ip:port => success`.
What an endpoint itself looks like is endpoint.py's business.
"""

import re
from collections.abc import Sequence
from typing import Any, Final

from proxyfleet.wire.text.checks import Draft, host_rank
from proxyfleet.wire.text.countries import country_code
from proxyfleet.wire.text.endpoint import Found, endpoint, is_naked_ipv6
from proxyfleet.wire.text.entry import Extras
from proxyfleet.wire.text.reasons import Refused
from proxyfleet.wire.text.words import claim

_REFRESH: Final = re.compile(r"\[(https?://[^\]\s]+)\]$", re.IGNORECASE)
_DELIMITER: Final = re.compile(r"\s*([|;,\t])|\s+")
_WHOLE: Final = re.compile(
    r"(?:[a-z][a-z0-9+]{1,11}://)?(?:[^\s/@]+@)?(?:[\w-]+(?:\.[\w-]+)+|\[[0-9a-f:.]+\]):\d{1,6}(?::\S*)?/?",
    re.IGNORECASE,
)
_COUNTRY_NAME: Final = re.compile(r"(\S+:\d{1,5}):([^\W\d_][^:@]*)")
_SPYS: Final = re.compile(r"([A-Z]{2})-([NAH])!?(-S)?!?\s*[+-]?\s*")
_SPYS_ANONYMITY: Final = {"N": "transparent", "A": "anonymous", "H": "elite"}
_NO_EXTRAS: Final = Extras()
_COMMENT: Final = re.compile(r"#|//|=>|->|[-|–—](?:\s|$)")
_DECORATION: Final = re.compile(r"(?:[^\w\[\"'\s]+|\d{1,7}[.)])\s+")


def delimited(text: str) -> Found:
    """Read a line that may hold delimiters; without any it is one endpoint. `Refused("several")` for many at once."""
    decoration = _DECORATION.match(text)
    if decoration:  # a flag, a bullet, `12)`
        text = text[decoration.end() :]
    refresh = _REFRESH.search(text) if text.endswith("]") else None
    if refresh is None:
        return _read(text)
    return _with(_read(text[: refresh.start()].rstrip()), refresh_url=refresh[1])


def several(text: str) -> list[str]:
    """The entries of a line that holds nothing but whole ones, split by delimiters; else empty."""
    delimiter = _DELIMITER.search(text)
    if delimiter is None:
        return []
    whole = [field for field in _split(text, delimiter)[0] if field]
    return whole if len(whole) > 1 and all(map(_WHOLE.fullmatch, whole)) else []


def from_fields(fields: Sequence[str], mark: str) -> Found:
    """Read the fields of one proxy: an endpoint or host and port, then credentials or claims.

    `mark` is what split them; behind blanks anything may stand, behind other marks only what is understood.
    """
    head, rest = fields[0], fields[1:]
    kind, scheme = (":" not in head and claim(head)) or ("", "")
    if kind == "scheme" and rest:
        found = from_fields(rest, mark)
        return found._replace(draft=found.draft._replace(scheme=found.draft.scheme or scheme))
    if rest and rest[0].isdecimal() and (host_rank(head) >= (2 if mark == " " else 1) or is_naked_ipv6(head)):
        host = f"[{head}]" if is_naked_ipv6(head) else head
        return _told(Found(Draft(host, rest[0])), rest[1:], mark)
    return _told(endpoint(head), rest, mark)


def _read(text: str) -> Found:
    delimiter = _DELIMITER.search(text)
    if delimiter is None:
        return endpoint(text)
    named = _COUNTRY_NAME.fullmatch(text)
    if named is not None and " " in named[2]:
        return _with(endpoint(named[1]), country=country_code(named[2]))
    fields, mark = _split(text, delimiter)
    if len(fields) > 1 and ":" in fields[1] and several(text):
        raise Refused("several")
    if mark != " " and _may_be_in_password(text, fields):
        try:
            return endpoint(text)
        except Refused:
            pass
    return from_fields(fields, mark)


def _may_be_in_password(text: str, fields: Sequence[str]) -> bool:
    """Whether the mark between the fields may belong to a password, as in `host:port:user:pa,ss`."""
    credentials = "@" in text or ":" in fields[-1] or fields[0].count(":") > 2
    return credentials and len(text.split(None, 1)) == 1


def _split(text: str, delimiter: re.Match[str]) -> tuple[list[str], str]:
    mark = delimiter[1] or " "
    return (text.split() if mark == " " else [_unquoted(field.strip()) for field in text.split(mark)]), mark


def _told(found: Found, rest: Sequence[str], mark: str) -> Found:
    """`found` with what the other fields say: credentials, or claims."""
    words = " ".join(rest).strip()
    spys = _SPYS.fullmatch(words)
    if spys is not None:
        protocols = ("http", "https") if spys[3] else ()
        return _with(found, country=country_code(spys[1]), anonymity=_SPYS_ANONYMITY[spys[2]], protocols=protocols)
    if not words or _COMMENT.match(words):
        return found
    country = country_code(words) if mark == " " and words[0].isupper() else None
    if country:
        return _with(found, country=country)
    if found.draft.username is not None:
        return _claims(found, rest, mark, strict=mark == " ")
    if not _are_credentials(rest, mark):
        return _claims(found, rest, mark, strict=mark != " ")
    doubtful = mark == " " or any(claim(field) for field in rest[:1]) or not all(map(claim, rest[2:]))
    draft = found.draft._replace(username=rest[0], password=rest[1])
    return _claims(found._replace(draft=draft, ambiguous=found.ambiguous or doubtful), rest[2:], mark, strict=False)


def _are_credentials(rest: Sequence[str], mark: str) -> bool:
    """Whether the first two fields are a user name and a password, rather than claims or chatter."""
    if len(rest) < 2 or not rest[0]:
        return False
    first = claim(rest[0])
    if first is not None:
        return first[0] in ("anonymity", "scheme") and len(rest) == 2 and claim(rest[1]) is None
    return mark != " " or all(map(claim, rest[2:]))


def _claims(found: Found, rest: Sequence[str], mark: str, *, strict: bool) -> Found:
    """`found` with the claims of `rest`; when `strict`, a first field that says nothing known is refused."""
    told: dict[str, Any] = {}
    previous = ""
    for field in rest:
        kind, value = claim(field) or ("", field)
        if not kind and previous == "country" and mark != " ":
            kind = "city"
        if not (kind or previous) and strict:
            raise Refused("bad_credentials")
        previous = kind or "chatter"
        told.setdefault(kind, value)
    scheme = told.get("scheme", "")
    draft = found.draft._replace(scheme=found.draft.scheme or scheme)
    known = {kind: told[kind] for kind in ("country", "city", "anonymity") if kind in told}
    return _with(found._replace(draft=draft), **known) if known else found._replace(draft=draft)


def _with(found: Found, **claims: Any) -> Found:  # Any: the fields of Extras have many types
    return found._replace(extras=(found.extras or _NO_EXTRAS)._replace(**claims))


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text
