"""The formats in which free lists are published, written from made-up proxies. Pure; each function is one format.

Written from what the sources answer, not from what `proxyfleet.wire` reads: a stand-in must not share its reader's mistakes.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

COUNTRIES = {"DE": "Germany", "US": "United States", "FR": "France", "BR": "Brazil", "JP": "Japan", "VN": "Vietnam"}
NAMES = tuple(COUNTRIES)


class Listed(NamedTuple):
    """One proxy of a list. `scheme` is http, socks4 or socks5; `connect`: an HTTP proxy that can CONNECT."""

    scheme: str
    host: str
    port: int
    country: str = "DE"
    anonymity: str = "elite"
    connect: bool = False

    @property
    def place(self) -> str:
        """`host:port`."""
        return f"{self.host}:{self.port}"


Rows = Sequence[Listed]


def some_listed(count: int, first: int = 0) -> list[Listed]:
    """So many proxies at 198.18.0.0/15 (RFC 2544: nobody is there), different ones for different `first`."""
    schemes = ("http", "http", "socks4", "socks5")
    return [
        Listed(
            schemes[n % 4],
            f"198.{18 + (n >> 16) % 2}.{n >> 8 & 255}.{n & 255}",
            1024 + (n >> 17) % 60_000,
            NAMES[n % len(NAMES)],
            ("elite", "anonymous", "transparent")[n % 3],
            n % 2 == 0,
        )
        for n in range(first, first + count)
    ]


def of(protocol: str, listed: Rows) -> list[Listed]:
    """Those that a file about this protocol holds; `https` and `connect` are HTTP proxies that can CONNECT."""
    if protocol in ("https", "connect"):
        return [one for one in listed if one.scheme == "http" and one.connect]
    return [one for one in listed if one.scheme == protocol]


def bare(rows: Rows) -> bytes:
    """`host:port`, the last line without an end, as most repositories have it."""
    return "\n".join(one.place for one in rows).encode()


def crlf(rows: Rows) -> bytes:
    """`host:port` with CRLF, as APIs have it."""
    return "".join(f"{one.place}\r\n" for one in rows).encode()


def prefixed(rows: Rows, scheme: str | None = None) -> bytes:
    """`scheme://host:port`; in a file about `https` that is what HTTP proxies are called that can CONNECT."""
    return "".join(f"{scheme or one.scheme}://{one.place}\n" for one in rows).encode()


def with_country(rows: Rows) -> bytes:
    """`host:port:Country Name`."""
    return "".join(f"{one.place}:{COUNTRIES[one.country]}\n" for one in rows).encode()


def spys(rows: Rows) -> bytes:
    """The spys form with its header and footer: country, anonymity N, A or H, -S for HTTPS, + or - for Google."""
    levels = {"transparent": "N", "anonymous": "A", "elite": "H"}
    lines = [
        f"{one.place} {one.country}-{levels[one.anonymity]}{'-S' if one.connect else ''} {'+' if one.port % 2 else '-'} "
        for one in rows
    ]
    head = ["Proxy list (#1) updated at Thu, 26 Nov 26 01:00:02 +0300", "Mirror: http://txt.example/", ""]
    return "\r\n".join([*head, *lines, "", "Free proxy list"]).encode()


def mirror_csv(rows: Rows) -> bytes:
    """ProxyScrape's mirror: 13 columns, a quoted name with doubled quotes."""
    head = "protocol,ip,port,country,country_code,city,anonymity,ssl,uptime_percent,asn,isp,latency_ms,last_checked"
    lines = [
        f"{one.scheme},{one.host},{one.port},{COUNTRIES[one.country]},{one.country},São Paulo,{one.anonymity},"
        f'{str(one.connect).lower()},87.82,AS24940,"""Hetzner"", Online AG",25.81,1784863475.2272315'
        for one in rows
    ]
    return "\n".join([head, *lines, ""]).encode()


def proxyscrape(rows: Rows, total: int, skip: int, limit: int) -> bytes:
    """A page of ProxyScrape's v4 API."""
    proxies = [
        {
            "alive": True,
            "anonymity": one.anonymity,
            "average_timeout": 963.2,
            "first_seen": 1697032567.7,
            "ip_data": {"as": "AS46562 Performive LLC", "city": "Los Angeles", "country": COUNTRIES[one.country],
                        "countryCode": one.country, "regionName": "California", "timezone": "America/Los_Angeles"},
            "last_seen": 1774827836.8,
            "port": one.port,
            "protocol": one.scheme,
            "proxy": f"{one.scheme}://{one.place}",
            "ssl": one.connect,
            "timeout": 808.4,
            "uptime": 19.4,
            "ip": one.host,
        }
        for one in rows
    ]  # fmt: skip
    nextpage = skip + len(rows) < total
    told = {"shown_records": len(rows), "total_records": total, "limit": limit, "skip": skip, "nextpage": nextpage}
    return json.dumps({**told, "proxies": proxies}).encode()


def geonode(rows: Rows, total: int, page: int, limit: int) -> bytes:
    """A page of Geonode's API; ports are strings, and `org` may be empty."""
    data = [
        {
            "_id": f"6a4a782638eb41724ea1{one.port:04x}",
            "ip": one.host,
            "anonymityLevel": one.anonymity,
            "asn": "AS4750",
            "city": "Huai Khwang",
            "country": one.country,
            "google": False,
            "isp": "sinokor1",
            "lastChecked": 1784979393,
            "latency": 186.379,
            "org": "",
            "port": str(one.port),
            "protocols": [one.scheme],
            "speed": 983,
            "upTime": 99.3,
            "updated_at": "2026-07-25T11:36:33.496Z",
            "responseTime": 952,
        }
        for one in rows
    ]
    return json.dumps({"data": data, "total": total, "page": page, "limit": limit}).encode()


def monosans(rows: Rows) -> bytes:
    """monosans' JSON, some entries without a country."""
    return json.dumps([_monosans(nth, one) for nth, one in enumerate(rows)]).encode()


def _monosans(nth: int, one: Listed) -> dict[str, Any]:  # Any: as nested as the format is
    names = {"iso_code": one.country, "names": {"en": COUNTRIES[one.country]}}
    place = {"city": {"geoname_id": 1, "names": {"en": "Moscow"}}, "location": {"latitude": 55.7, "longitude": 37.6}}
    return {
        "protocol": one.scheme,
        "username": None,
        "password": None,
        "host": one.host,
        "port": one.port,
        "timeout": 0.18,
        "exit_ip": one.host,
        "asn": {"autonomous_system_number": 13335, "autonomous_system_organization": "Cloudflare, Inc."},
        "geolocation": place | ({"country": names} if nth % 10 else {}),
    }


def proxifly(rows: Rows) -> bytes:
    """proxifly's JSON."""
    return json.dumps(
        [
            {"proxy": f"{one.scheme}://{one.place}", "protocol": one.scheme, "ip": one.host, "port": one.port,
             "https": one.connect, "anonymity": one.anonymity, "score": 1,
             "geolocation": {"country": one.country, "city": "Unknown"}}
            for one in rows
        ]
    ).encode()  # fmt: skip


def stamparm(rows: Rows) -> bytes:
    """stamparm's JSON array, which repeats itself."""
    levels = {"elite": "high", "anonymous": "medium", "transparent": "low"}
    told = [
        {"proto": one.scheme, "ip": one.host, "country": one.country, "anonymity": levels[one.anonymity],
         "type": one.anonymity, "port": one.port}
        for one in rows
    ]  # fmt: skip
    return json.dumps(told + told[: len(told) // 2]).encode()


def _table(head: str, cells: Callable[[Listed], Sequence[str]], rows: Rows) -> bytes:
    columns = "".join(f"<th>{name}</th>" for name in head.split("|"))
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells(one))}</tr>" for one in rows)
    table = f'<table class="table table-striped table-bordered"><thead><tr>{columns}</tr></thead><tbody>{body}</tbody></table>'
    advertisement = "<div class='ads'><a href='https://ads.example/'>buy</a></div>"
    return f"<!DOCTYPE html><html><head><title>List</title></head><body>{advertisement}{table}</body></html>".encode()


def html(rows: Rows) -> bytes:
    """free-proxy-list.net: HTTP proxies, `Https` says whether CONNECT works."""

    def cells(one: Listed) -> Sequence[str]:
        level = one.anonymity.replace("elite", "elite proxy")
        secure = "yes" if one.connect else "no"
        return (one.host, str(one.port), one.country, COUNTRIES[one.country], level, "", secure, "1 minute ago")

    return _table("IP Address|Port|Code|Country|Anonymity|Google|Https|Last Checked", cells, of("http", rows))


def socks_html(rows: Rows) -> bytes:
    """socks-proxy.net: `Version` says Socks4 or Socks5."""

    def cells(one: Listed) -> Sequence[str]:
        country, version = COUNTRIES[one.country], one.scheme.capitalize()
        return (one.host, str(one.port), one.country, country, version, "Anonymous", "Yes", "8 seconds ago")

    head = "IP Address|Port|Code|Country|Version|Anonymity|Https|Last Checked"
    return _table(head, cells, [one for one in rows if one.scheme != "http"])
