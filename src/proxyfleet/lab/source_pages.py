"""What the stand-in of each free source answers on which address: host, path and query in, `Reply` out. Pure.

Addresses are those of the real sources; whoever asks puts the host in front of the path: `/api.example.com/v4/list?x=1`.
"""

import hashlib
import re
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import parse_qs

from . import lists
from .httpd import Reply
from .lists import Listed, Rows

Query = Mapping[str, str]
Page = Callable[["re.Match[str]", Query, Rows], "bytes | None"]
"""None: status 404."""

TEXT, CSV, JSON, HTML = (
    "text/plain; charset=utf-8",
    "text/csv; charset=utf-8",
    "application/json",
    "text/html; charset=UTF-8",
)
PROTOCOL = r"(?P<protocol>https?|socks[45]|connect)"


def answer(target: str, listed: Rows, etag: str | None = None) -> Reply:
    """The reply to `/host/path?query`; with `etag` as told before, 304 where nothing has changed."""
    address, _, written = target.removeprefix("/").partition("?")
    query = {name: values[-1] for name, values in parse_qs(written).items()}
    for pattern, kind, page in PAGES:
        found = pattern.fullmatch(address)
        body = page(found, query, listed) if found else None
        if body is not None:
            return _reply(body, kind, etag)
    return Reply(404, b"404: Not Found", TEXT)


def _reply(body: bytes, kind: str, etag: str | None) -> Reply:
    mark = f'"{hashlib.blake2s(body, digest_size=8).hexdigest()}"'
    if etag == mark:
        return Reply(304, headers=(("ETag", mark),))
    return Reply(body=body, kind=kind, headers=(("ETag", mark), ("Last-Modified", "Thu, 26 Nov 2026 01:00:00 GMT")))


def _number(query: Query, name: str, usual: int) -> int:
    text = query.get(name, "")
    return int(text) if text.isdigit() else usual


def _proxyscrape(_: "re.Match[str]", query: Query, listed: Rows) -> bytes:
    skip, limit = _number(query, "skip", 0), max(1, _number(query, "limit", 2000))
    return lists.proxyscrape(listed[skip : skip + limit], len(listed), skip, limit)


def _proxyscrape_v2(_: "re.Match[str]", query: Query, listed: Rows) -> bytes:
    return lists.crlf(lists.of(query.get("protocol", "http"), listed))


def _mirror(found: "re.Match[str]", _: Query, listed: Rows) -> bytes | None:
    rows = lists.of(found["protocol"], listed)
    return lists.mirror_csv(rows) if rows else None


def _geonode(_: "re.Match[str]", query: Query, listed: Rows) -> bytes:
    page, limit = max(1, _number(query, "page", 1)), min(500, _number(query, "limit", 500))
    start = (page - 1) * limit
    return lists.geonode(listed[start : start + limit], len(listed), page, limit)


def _download(_: "re.Match[str]", query: Query, listed: Rows) -> bytes:
    return lists.crlf(lists.of(query.get("type", "http"), listed))


def _whole(write: Callable[[Rows], bytes]) -> Page:
    return lambda _found, _query, listed: write(listed)


def _about(write: Callable[[Sequence[Listed]], bytes]) -> Page:
    """A file about the protocol that its name tells."""
    return lambda found, _, listed: write(lists.of(found["protocol"].lower(), listed))


def _named_about(found: "re.Match[str]", _: Query, listed: Rows) -> bytes:
    """The same, each line with the protocol in front."""
    protocol = found["protocol"].lower()
    return lists.prefixed(lists.of(protocol, listed), protocol)


def _of(protocol: str, write: Callable[[Sequence[Listed]], bytes]) -> Page:
    return lambda _found, _query, listed: write(lists.of(protocol, listed))


def _file(repository: str, branch: str, path: str) -> str:
    """A file on GitHub, or at its mirror."""
    name = re.escape(repository)
    return rf"(?:raw\.githubusercontent\.com/{name}/{branch}|cdn\.jsdelivr\.net/gh/{name}@{branch})/{path}"


_TABLE: tuple[tuple[str, str, Page], ...] = (
    (r"api\.proxyscrape\.com/v4/free-proxy-list/get", JSON, _proxyscrape),
    (r"api\.proxyscrape\.com/v2/", TEXT, _proxyscrape_v2),
    (_file("proxyscrape/free-proxy-list", "main", rf"proxies/protocols/{PROTOCOL}/data\.csv"), CSV, _mirror),
    (r"proxylist\.geonode\.com/api/proxy-list", JSON, _geonode),
    (r"www\.proxy-list\.download/api/v1/get", TEXT, _download),
    (r"(?:free-proxy-list\.net|sslproxies\.org|us-proxy\.org)/(?:[a-z]+-proxy\.html)?", HTML, _whole(lists.html)),
    (r"socks-proxy\.net/", HTML, _whole(lists.socks_html)),
    (_file("monosans/proxy-list", "main", r"proxies/proxies\.json"), TEXT, _whole(lists.monosans)),
    (_file("proxifly/free-proxy-list", "main", r"proxies/all/data\.json"), TEXT, _whole(lists.proxifly)),
    (_file("stamparm/aux", "master", r"fetch-some-list\.txt"), TEXT, _whole(lists.stamparm)),
    (_file("zloi-user/hideip.me", "main", rf"{PROTOCOL}\.txt"), TEXT, _about(lists.with_country)),
    (_file("dpangestuw/Free-Proxy", "main", rf"{PROTOCOL}_proxies\.txt"), TEXT, _named_about),
    (_file("gfpcom/free-proxy-list", "main", rf"list/{PROTOCOL}\.txt"), TEXT, _named_about),
    (_file("hookzof/socks5_list", "master", r"proxy\.txt"), TEXT, _of("socks5", lists.bare)),
    (r"spys\.me/proxy\.txt", TEXT, _of("http", lists.spys)),
    (r"spys\.me/socks\.txt", TEXT, _of("socks5", lists.spys)),
    (r"databay\.com/free-proxy-list\.txt", TEXT, _whole(lists.prefixed)),
    (r"proxyfreeonly\.com/api/free-proxy-list", JSON, _whole(lists.stamparm)),
    (r"(?:api\.openproxylist\.xyz|proxyspace\.pro)/" + PROTOCOL + r"\.txt", TEXT, _about(lists.bare)),
    # Most repositories: bare lines in a file whose name holds the protocol.
    (r"(?:raw\.githubusercontent|cdn\.jsdelivr)\.[a-z]+/.*?[/_-]" + PROTOCOL + r"(?:_[a-z]+)?\.txt", TEXT,
     _about(lists.bare)),
)  # fmt: skip
PAGES = tuple((re.compile(pattern, re.IGNORECASE), kind, page) for pattern, kind, page in _TABLE)
