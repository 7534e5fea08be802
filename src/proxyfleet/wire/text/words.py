"""What single words beside an endpoint claim: a scheme, a country, an anonymity level, or nothing of interest.

Closed tables; a word that is in none of them may be a user name, and the caller decides.
"""

import re
from typing import Final

from proxyfleet.wire.text.countries import country_code
from proxyfleet.wire.text.entry import SCHEMES

_ANONYMITY: Final = {
    "elite": "elite",
    "elite proxy": "elite",
    "high": "elite",
    "high anonymous": "elite",
    "high anonymity": "elite",
    "hia": "elite",
    "anonymous": "anonymous",
    "anonymous proxy": "anonymous",
    "distorting": "anonymous",
    "medium": "anonymous",
    "anm": "anonymous",
    "transparent": "transparent",
    "transparent proxy": "transparent",
    "low": "transparent",
    "none": "transparent",
    "noa": "transparent",
}
_TYPES: Final = {
    "datacenter": "datacenter",
    "data center": "datacenter",
    "dc": "datacenter",
    "residential": "residential",
    "resi": "residential",
    "mobile": "mobile",
    "4g": "mobile",
    "5g": "mobile",
    "lte": "mobile",
    "isp": "isp",
    "static residential": "isp",
}
_TRUE: Final = frozenset({"yes", "true", "1", "y", "+", "on"})
_NOISE: Final = frozenset(
    {"", "yes", "no", "true", "false", "ok", "good", "bad", "alive", "live", "dead", "working", "success", "failed"}
    | {"failure", "n/a", "null", "ago", "-", "+", "!", "=>", "->", "checked"}
)
_MEASURE: Final = re.compile(r"\d+(?:[.,]\d+)?\s*(?:ms|s|sec|%|kb/s|mb/s)|\[.*\]|[^\w]+", re.ASCII | re.IGNORECASE)
_COUNTRY_CODE: Final = re.compile(r"[A-Z]{2}", re.ASCII)


def claim(word: str) -> tuple[str, str] | None:
    """(field of Extras or "scheme" or "noise", value) for a word of the closed tables, else None.

    Country codes count in upper case, names capitalised: `us` and `jordan` may well be user names.
    """
    lower = word.strip().lower()
    if lower in SCHEMES or lower == "socks":
        return "scheme", "socks5" if lower == "socks" else lower
    if lower in _NOISE or _MEASURE.fullmatch(lower):
        return "noise", ""
    if lower in _ANONYMITY:
        return "anonymity", _ANONYMITY[lower]
    if _COUNTRY_CODE.fullmatch(word) or (len(word) > 2 and word[0].isupper()):
        code = country_code(word)
        return None if code is None else ("country", code)
    return None


def anonymity(word: str) -> str | None:
    """`elite`, `anonymous` or `transparent` for the many words lists have for them."""
    return _ANONYMITY.get(" ".join(word.lower().split()))


def proxy_type(word: str) -> str | None:
    """`datacenter`, `residential`, `mobile` or `isp`."""
    return _TYPES.get(word.lower().replace("_", " ").replace("-", " "))


def is_yes(value: object) -> bool:
    """Whether a cell or JSON value says yes."""
    return value is True or (isinstance(value, str) and value.strip().lower() in _TRUE)
