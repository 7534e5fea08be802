"""How providers of rotating proxies are told, in user name or password, which exit is wanted: one function per provider.

One session of ours becomes one session of theirs: its name is made of our exit's name, in the alphabet that the provider
takes, so that nobody else's session is ever meant. What the stored credentials say already is not said twice: a session of
theirs stays, another place than the wanted one gives way. Pure; the grammars are those of the providers' documentation.
"""

import hashlib
import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

PLACES: Final = frozenset({"country", "cc", "cr", "state", "st", "region", "city", "asn"})
"""Words of all dialects that say where, of which a later wish wins."""
LETTERS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


class Login(NamedTuple):
    """Credentials at the provider."""

    username: str
    password: str

    def __repr__(self) -> str:
        return "Login(***)"


class Exit(NamedTuple):
    """Which exit is wanted: places in lower case, `session` our name for it, `ttl` in seconds; empty and 0 matter not."""

    country: str = ""
    region: str = ""
    city: str = ""
    asn: str = ""
    session: str = ""
    ttl: float = 0.0


class Dialect(NamedTuple):
    """`write` adds what is wanted to the stored credentials. `places` are the fields that the provider can be told.

    `within`: which of them can be told only together with which other.
    """

    write: Callable[[Login, Exit], Login]
    places: frozenset[str]
    within: Mapping[str, str] = {}


def dialect_of(provider: str | None) -> Dialect | None:
    """By the provider's name as people write it: `Bright Data`, `bright-data` and `brightdata` are one."""
    return DIALECTS.get(re.sub(r"[^a-z0-9]", "", (provider or "").lower()))


def serves(dialect: Dialect | None, wanted: Exit) -> bool:
    """Whether the provider can be told everything that is wanted of the place."""
    asked = {name for name in ("country", "region", "city", "asn") if getattr(wanted, name)}
    if not asked:
        return True
    if dialect is None or not asked <= dialect.places:
        return False
    return all(dialect.within.get(name, name) in asked for name in asked)


def token(session: str, length: int) -> str:
    """A name of that many letters and digits for one of ours, always the same."""
    number, text = _number(session), ""
    for _ in range(length):
        number, rest = divmod(number, len(LETTERS))
        text += LETTERS[rest]
    return text


def _number(session: str) -> int:
    return int.from_bytes(hashlib.blake2b(session.encode(), digest_size=16).digest())


def _ascii(text: str) -> str:
    """Without accents, as `São Paulo` is written everywhere."""
    return "".join(one for one in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(one))


def _plain(text: str) -> str:
    """Letters and digits only, as most providers want cities."""
    return re.sub(r"[^a-z0-9]", "", _ascii(text))


def _under(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", _ascii(text)).strip("_")


def _minutes(ttl: float, low: int, high: int) -> int:
    return min(high, max(low, round(ttl / 60)))


def _joined(username: str, words: list[tuple[str, str]]) -> str:
    """Adds `-key-value` for what the name does not say already; a wanted place takes the place of another one."""
    said = username.split("-")
    known = [word.lower() for word in said]
    for key, value in words:
        if value and key not in known:
            said += [key, value]
        elif value and key in PLACES:
            said[known.index(key) + 1 : known.index(key) + 2] = [value]
    return "-".join(said)


def _listed(parts: list[str], words: list[tuple[str, str]], between: str) -> list[str]:
    """The same for a list of `key.value`; a part of the wanted place is left as it is."""
    said = list(parts)
    known = [part.partition(between)[0] for part in parts]
    for key, value in words:
        if value and key not in known:
            said.append(f"{key}{between}{value}")
        elif value and key in PLACES:
            at = known.index(key)
            if not f"{said[at]}_".lower().startswith(f"{key}{between}{value}_".lower()):
                said[at] = f"{key}{between}{value}"
    return said


def _bright(login: Login, wanted: Exit) -> Login:
    """Names of accounts and zones may be any word. `ip` names the exit itself and ends every session."""
    own = re.match(r"(?:brd|lum)-(?:customer|cu)-[^-]+(?:-(?:zone|z)-[^-]+)?", login.username)
    account = own[0] if own is not None else ""
    rest = login.username[len(account) :]
    fixed = re.search(r"-(?:ip|s)-", rest) is not None
    words = [
        ("country", wanted.country),
        ("state", _under(wanted.region)),
        ("city", _plain(wanted.city)),
        ("session", token(wanted.session, 12) if wanted.session and not fixed else ""),
        ("asn", _plain(wanted.asn)),
    ]
    return login._replace(username=account + _joined(rest, words))


def _oxylabs(login: Login, wanted: Exit) -> Login:
    """`sessid_oneip` is a session, too: one that fails rather than move."""
    state = f"{wanted.country}_{_under(wanted.region)}" if wanted.region and wanted.country else ""
    words = [
        ("cc", wanted.country.upper()),
        ("st", state),
        ("city", _under(wanted.city)),
        ("sessid", token(wanted.session, 12) if wanted.session and "-sessid_oneip-" not in login.username else ""),
        ("sesstime", str(_minutes(wanted.ttl, 1, 1440)) if wanted.session and wanted.ttl else ""),
    ]
    return login._replace(username=_joined(login.username, words))


def _decodo(login: Login, wanted: Exit) -> Login:
    state = f"{wanted.country}_{_under(wanted.region)}" if wanted.region and wanted.country else ""
    words = [
        ("country", wanted.country),
        ("state", state),
        ("city", _under(wanted.city)),
        ("session", token(wanted.session, 12) if wanted.session else ""),
        ("sessionduration", str(_minutes(wanted.ttl, 1, 1440)) if wanted.session and wanted.ttl else ""),
    ]
    name = login.username
    if any(value for _, value in words) and not name.startswith("user-"):
        name = f"user-{name}"
    return login._replace(username=_joined(name, words))


def _iproyal(login: Login, wanted: Exit) -> Login:
    """Everything stands in the password."""
    words = [
        ("country", wanted.country),
        ("state", _plain(wanted.region)),
        ("city", _plain(wanted.city)),
        ("session", token(wanted.session, 8) if wanted.session else ""),
        ("lifetime", f"{_minutes(wanted.ttl, 1, 10_080)}m" if wanted.session and wanted.ttl else ""),
    ]
    password, *parts = login.password.split("_")
    return login._replace(password="_".join([password, *_listed(parts, words, "-")]))


def _soax(login: Login, wanted: Exit) -> Login:
    words = [
        ("country", wanted.country),
        ("region", _under(wanted.region).replace("_", "+")),
        ("city", _under(wanted.city).replace("_", "+")),
        ("sessionid", token(wanted.session, 12) if wanted.session else ""),
        ("sessionlength", str(min(86_400, max(1, round(wanted.ttl)))) if wanted.session and wanted.ttl else ""),
    ]
    return login._replace(username=_joined(login.username, words))


def _webshare(login: Login, wanted: Exit) -> Login:
    """Codes chain; a number is a session, and excludes `rotate`."""
    user, places, end = _webshare_words(login.username)
    codes = [one for one in places if len(one) == 2]
    cities = [one for one in places if len(one) != 2]
    if wanted.country and codes != [wanted.country]:
        codes, cities = [wanted.country], []
    if wanted.city:
        cities = [f"city_{_under(wanted.city)}"]
    if wanted.session and not end.isdigit():
        end = str(1 + _number(wanted.session) % 1_000_000)
    return login._replace(username="-".join([user, *codes, *cities, *([end] if end else [])]))


def _webshare_words(username: str) -> tuple[str, list[str], str]:
    """(user, places, number or `rotate`) of a name."""
    found = re.fullmatch(r"(.*?)((?:-(?:[a-z]{2}|city_[a-z0-9_]+))*)(?:-([0-9]+|rotate))?", username, re.DOTALL)
    user, places, end = ("", "", "") if found is None else found.groups("")
    return user, places.split("-")[1:], end


def _netnut(login: Login, wanted: Exit) -> Login:
    """`USER-res-any`: the place replaces `any`; states and cities make `res` to `res_sc`."""
    name = login.username
    found = re.fullmatch(r"(?P<user>.+)-(?P<kind>res|dc|stc)(?:_sc)?-(?P<place>[a-z_]+)(?P<rest>.*)", name, re.DOTALL)
    if wanted.country and found is not None:
        place = "_".join(part for part in (wanted.country, _under(wanted.region), _under(wanted.city)) if part)
        kind = f"{found['kind']}_sc" if wanted.region or wanted.city else found["kind"]
        if not f"{found['place']}_".startswith(f"{place}_"):
            name = f"{found['user']}-{kind}-{place}{found['rest']}"
    if wanted.session and "-sid-" not in name:
        name += f"-sid-{10_000 + _number(wanted.session) % 999_990_000}"
    return login._replace(username=name)


def _apify(login: Login, wanted: Exit) -> Login:
    """A list with commas; `auto` stands for an empty one."""
    parts = [part for part in login.username.split(",") if part and part != "auto"]
    words = [
        ("session", token(wanted.session, 20) if wanted.session else ""),
        ("country", wanted.country.upper()),
    ]
    return login._replace(username=",".join(_listed(parts, words, "-")) or "auto")


def _dataimpulse(login: Login, wanted: Exit) -> Login:
    name, _, written = login.username.partition("__")
    parts = [part for part in written.split(";") if part]
    words = [
        ("cr", wanted.country),
        ("state", _plain(wanted.region)),
        ("city", _plain(wanted.city)),
        ("sessid", token(wanted.session, 12) if wanted.session else ""),
        ("sessttl", str(_minutes(wanted.ttl, 1, 1440)) if wanted.session and wanted.ttl else ""),
    ]
    said = ";".join(_listed(parts, words, "."))
    return login._replace(username=f"{name}__{said}" if said else name)


def _geonode(login: Login, wanted: Exit) -> Login:
    words = [
        ("session", token(wanted.session, 12) if wanted.session else ""),
        ("lifetime", str(_minutes(wanted.ttl, 3, 1440)) if wanted.session and wanted.ttl else ""),
    ]
    return login._replace(username=_joined(login.username, words))


def _generic(login: Login, wanted: Exit) -> Login:
    """What most gateways understand, and the lab's: `USER-country-us-session-abc`."""
    words = [
        ("country", wanted.country),
        ("region", _under(wanted.region)),
        ("city", _under(wanted.city)),
        ("session", token(wanted.session, 12) if wanted.session else ""),
    ]
    return login._replace(username=_joined(login.username, words))


_COUNTRY, _PLACES = frozenset({"country"}), frozenset({"country", "region", "city"})
_WITH_COUNTRY = {"region": "country", "city": "country"}
DIALECTS: Final[dict[str, Dialect]] = {
    **dict.fromkeys(("brightdata", "luminati"), Dialect(_bright, _PLACES | {"asn"})),
    "oxylabs": Dialect(_oxylabs, _PLACES, _WITH_COUNTRY),
    **dict.fromkeys(("decodo", "smartproxy"), Dialect(_decodo, _PLACES, _WITH_COUNTRY)),
    "iproyal": Dialect(_iproyal, _PLACES),
    "soax": Dialect(_soax, _PLACES),
    "webshare": Dialect(_webshare, frozenset({"country", "city"})),
    "netnut": Dialect(_netnut, _PLACES, {"region": "country", "city": "region"}),
    "apify": Dialect(_apify, _COUNTRY),
    "dataimpulse": Dialect(_dataimpulse, _PLACES),
    "geonode": Dialect(_geonode, frozenset()),
    "generic": Dialect(_generic, _PLACES),
}
"""By the provider's name in letters and digits. `generic` is for whoever reads names as `-key-value`."""
