"""JSON in the shapes of sources and providers."""

import json

import pytest

from proxyfleet.wire.text.checks import Rules
from proxyfleet.wire.text.entry import Entry, Extras, Verdict
from proxyfleet.wire.text.jsonrows import read_json, read_ndjson

PRIVATE = Rules(allow_private=True)
ROW = {"ip": "192.0.2.1", "port": 80}
ENTRY = Entry("http", "192.0.2.1", 80)


def read(value: object) -> list[Verdict]:
    return list(read_json(json.dumps(value).encode(), PRIVATE))


@pytest.mark.parametrize(
    "value",
    [
        [ROW], ROW, {"data": [ROW]}, {"proxies": [ROW]}, {"results": [ROW]}, {"data": {"proxies": [ROW]}}, ["192.0.2.1:80"],
        {"list": {"11": ROW}}, {"http": ["192.0.2.1:80"]}, "192.0.2.1:80", {"status": "ok", "data": [ROW], "total": 1},
    ],
)  # fmt: skip
def test_envelopes(value: object) -> None:
    assert read(value) == [Verdict(1, ENTRY)]


def test_lists_named_after_their_scheme() -> None:
    found = read({"socks5": ["192.0.2.1:80"], "SOCKS4": ["192.0.2.2:81"], "updated": "now"})
    assert [verdict.entry for verdict in found] == [Entry("socks5", "192.0.2.1", 80), Entry("socks4", "192.0.2.2", 81)]


@pytest.mark.parametrize(
    ("row", "entry"),
    [
        (  # Geonode: the port is a string, protocols a list
            {"ip": "192.0.2.1", "port": "1080", "protocols": ["socks4"], "anonymityLevel": "elite", "asn": "AS4750",
             "city": "Huai Khwang", "country": "TH", "google": False, "org": "", "upTime": 99.3, "region": None},
            Entry("socks4", "192.0.2.1", 1080, extras=Extras(
                country="TH", city="Huai Khwang", asn=4750, anonymity="elite")),
        ),
        (  # monosans: exit address, nested ASN and geolocation, null user name
            {"protocol": "socks5", "username": None, "password": None, "host": "192.0.2.1", "port": 7890, "timeout": 0.18,
             "exit_ip": "192.0.2.9", "asn": {"autonomous_system_number": 13335, "autonomous_system_organization": "x"},
             "geolocation": {"city": {"geoname_id": 1, "names": {"en": "Moscow"}}, "location": {"latitude": 55.7},
                             "country": {"geoname_id": 2, "iso_code": "RU", "names": {"en": "Russia"}},
                             "subdivisions": [{"iso_code": "MOW", "names": {"en": "Moscow Region"}}]}},
            Entry("socks5", "192.0.2.1", 7890, extras=Extras(
                country="RU", region="Moscow Region", city="Moscow", asn=13335, exit_address="192.0.2.9")),
        ),
        (  # ProxyScrape v4
            {"alive": True, "anonymity": "elite", "ip_data": {"as": "AS46562 P", "city": "Los Angeles", "countryCode": "US",
             "country": "United States", "regionName": "California", "proxy": True}, "port": 4145, "protocol": "socks4",
             "proxy": "socks4://192.0.2.1:4145", "ssl": True, "ip": "192.0.2.1", "timeout": 808.3},
            Entry("socks4", "192.0.2.1", 4145, extras=Extras(
                country="US", region="California", city="Los Angeles", asn=46562, anonymity="elite")),
        ),
        ({"ip_data": None, "proxy": "http://192.0.2.1:80"}, ENTRY),
        (  # proxifly
            {"proxy": "http://192.0.2.1:80", "protocol": "http", "ip": "192.0.2.1", "port": 80, "https": True,
             "anonymity": "anonymous", "score": 1, "geolocation": {"country": "FR", "city": "Unknown"}},
            Entry("http", "192.0.2.1", 80, extras=Extras(
                country="FR", anonymity="anonymous", protocols=("http", "https"))),
        ),
        (  # stamparm
            {"proto": "socks5", "ip": "192.0.2.1", "country": "Brazil", "anonymity": "high", "type": "elite", "port": 80},
            Entry("socks5", "192.0.2.1", 80, extras=Extras(country="BR", anonymity="elite")),
        ),
        (  # px6: `ip` is where traffic leaves, `host` what is dialled
            {"id": "11", "version": "6", "ip": "2001:db8::9", "host": "192.0.2.1", "port": "7330", "user": "u", "pass": "p",
             "type": "http", "country": "ru", "date_end": "2024-10-11 12:31:01", "descr": "n"},
            Entry("http", "192.0.2.1", 7330, "u", "p", Extras(
                country="RU", exit_address="2001:db8::9", expires_at=1728649861.0, notes="n")),
        ),
    ],
)  # fmt: skip
def test_rows_of_known_sources(row: object, entry: Entry) -> None:
    assert read([row]) == [Verdict(1, entry)]


def test_an_object_knows_better_than_what_is_nested_in_it() -> None:
    nested = {"country": "US", "city": "Ashburn"}
    (verdict,) = read([{**ROW, "country": "DE", "geolocation": nested, "ip_data": {"city": "Berlin", "country": "AT"}}])
    assert verdict.entry is not None
    assert verdict.entry.extras is not None
    assert verdict.entry.extras.country == "DE"


def test_bad_rows_are_counted_and_lose_nothing() -> None:
    found = read([ROW, 5, None, ["x"], {}, "Array", ROW])
    assert [(verdict.line, verdict.reason) for verdict in found] == [
        (1, None), (2, "bad_row"), (3, "bad_row"), (4, "bad_row"), (5, "no_proxy"), (6, "no_proxy"), (7, None),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "document", [b"{", b"[1,", b"\xff", b"[" * 100_000, b"{" * 10, b"[" + b"9" * 5000 + b"]", b"nope"]
)
def test_broken_documents(document: bytes) -> None:
    assert [verdict.reason for verdict in read_json(document, PRIVATE)] == ["bad_json"]


@pytest.mark.parametrize("empty", [[], {"data": []}])
def test_empty_lists_have_no_verdicts(empty: object) -> None:
    assert read(empty) == []


def test_deep_envelopes_end_somewhere() -> None:
    document = b'{"data":' * 900 + b"[]" + b"}" * 900
    assert len(list(read_json(document, PRIVATE))) <= 1


def test_one_object_per_line() -> None:
    lines = ['{"ip":"192.0.2.1","port":80}', "", "{broken", '"192.0.2.1:80"', None, "5"]
    assert [(verdict.line, verdict.reason) for verdict in read_ndjson(lines, PRIVATE)] == [
        (1, None), (3, "bad_json"), (4, None), (5, "too_long"), (6, "bad_row"),
    ]  # fmt: skip
    document = b'{"ip":"192.0.2.1","port":80}\n{"ip":"192.0.2.2","port":80}\n'
    assert [verdict.line for verdict in read_json(document, PRIVATE) if verdict.entry] == [1, 2]


def test_guessed_encodings_carry_no_credentials() -> None:
    document = '{"ip":"192.0.2.1","port":80,"user":"ü","pass":"p"}'.encode("latin-1")
    assert [verdict.reason for verdict in read_json(document, PRIVATE)] == ["bad_encoding"]
