"""Lists are written as the sources write them: compared with lines of real ones, not with our reader."""

import json

from proxyfleet.lab import lists
from proxyfleet.lab.lists import Listed, of, some_listed

ONE = Listed("http", "198.18.0.1", 8080, "DE", "elite", True)
TWO = Listed("socks5", "198.18.0.2", 1080, "US", "transparent", False)
ROWS = (ONE, TWO)


def test_made_up_proxies_are_different_and_nobodys() -> None:
    first, second = some_listed(300), some_listed(300, 300)
    assert len({one.place for one in (*first, *second)}) == 600
    assert all(one.host.startswith(("198.18.", "198.19.")) for one in first)
    assert {one.scheme for one in first} == {"http", "socks4", "socks5"}
    far = some_listed(10, 5_000_000)
    assert all(0 < one.port < 65_536 for one in far)


def test_a_file_holds_what_its_name_says() -> None:
    plain = ONE._replace(connect=False)
    assert of("http", (ONE, plain, TWO)) == [ONE, plain]
    assert of("https", (ONE, plain, TWO)) == of("connect", (ONE, plain, TWO)) == [ONE]
    assert of("socks5", ROWS) == [TWO]


def test_lines() -> None:
    assert lists.bare(ROWS) == b"198.18.0.1:8080\n198.18.0.2:1080"
    assert lists.crlf(ROWS) == b"198.18.0.1:8080\r\n198.18.0.2:1080\r\n"
    assert lists.prefixed(ROWS) == b"http://198.18.0.1:8080\nsocks5://198.18.0.2:1080\n"
    assert lists.with_country(ROWS).splitlines()[1] == b"198.18.0.2:1080:United States"
    assert b"\r\n198.18.0.1:8080 DE-H-S - \r\n198.18.0.2:1080 US-N - \r\n" in lists.spys(ROWS)


def test_tables() -> None:
    csv = lists.mirror_csv(ROWS).decode().splitlines()
    assert len(csv[0].split(",")) == 13
    assert csv[1].startswith(
        'http,198.18.0.1,8080,Germany,DE,São Paulo,elite,true,87.82,AS24940,"""Hetzner"", Online AG",'
    )
    page = lists.html(ROWS)
    assert (
        b"<tr><td>198.18.0.1</td><td>8080</td><td>DE</td><td>Germany</td><td>elite proxy</td><td></td><td>yes</td>"
        in page
    )
    assert b"198.18.0.2" not in page
    assert b"<td>Socks5</td>" in lists.socks_html(ROWS)


def test_answers_in_json() -> None:
    scrape = json.loads(lists.proxyscrape(ROWS, 5, 2, 2))
    told = {key: scrape[key] for key in ("shown_records", "total_records", "limit", "skip", "nextpage")}
    assert told == {"shown_records": 2, "total_records": 5, "limit": 2, "skip": 2, "nextpage": True}
    assert scrape["proxies"][1]["proxy"] == "socks5://198.18.0.2:1080"
    node = json.loads(lists.geonode(ROWS, 2, 1, 500))
    assert node["data"][0]["port"] == "8080", "Geonode's ports are text"
    assert node["data"][0]["protocols"] == ["http"]
    many = json.loads(lists.monosans([ONE] * 12))
    assert [("country" in one["geolocation"]) for one in many].count(False) == 2
    assert json.loads(lists.proxifly(ROWS))[0]["https"] is True
    assert len(json.loads(lists.stamparm(ROWS))) == 3, "it repeats itself"
