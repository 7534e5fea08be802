"""`proxyfleet sources` as people use it: the real program against the lab's stand-ins, offline, also on bad days."""

import json
import subprocess
import time
import urllib.request

import pytest

STORE = ("--store", "sqlite:///fleet.db")
KINDS = {"http": 6, "socks4": 2, "socks5": 3}


@pytest.fixture
def lab(program):
    """A running lab: what it has told, and `order` for its control endpoint."""
    counts = [word for kind, count in KINDS.items() for word in (f"--{kind}", count)]
    with program.running("lab", *counts, "--open", "--sources") as running:
        yield running


def spoil(lab, pattern, fault, **more):
    body = json.dumps({"pattern": pattern, "fault": fault} | more).encode()
    request = urllib.request.Request(lab.told["control"] + "/sources", body, method="POST")
    urllib.request.urlopen(request, timeout=5).close()


def fetch(program, lab, *arguments, code=0, **environment):
    asked = ("sources", "fetch", *arguments, "--base-url", lab.told["sources"], "--allow-private", *STORE, "--json")
    done = program.run(*asked, **environment)
    assert done.returncode == code, done.stderr
    return json.loads(done.stdout)


def listed(program):
    return program.json("list", *STORE, "--node", "off")


def test_fetch_fills_a_fleet_from_all_built_in_formats(program, lab):
    told = fetch(program, lab)

    assert len(told["sources"]) > 30
    assert {one["outcome"] for one in told["sources"]} == {"ok"}
    for one in told["sources"]:
        assert one["read"] == one["valid"] + one["rejected"] > 0, one["source"]
    rows = listed(program)
    assert len(rows) == told["total"]["added"] == sum(KINDS.values())
    assert {row["scheme"] for row in rows} == {"http", "socks4", "socks5"}
    assert {row["status"] for row in rows} == {"pending"}
    assert all("https" in row["protocols"] for row in rows if row["scheme"] == "http"), "they can CONNECT"
    assert all(row["source"] for row in rows)


def test_nothing_of_a_free_source_is_handed_out_before_it_is_proven(program, lab):
    fetch(program, lab, "geonode")

    done = program.run("pick", "--explain", *STORE, "--json", "--node", "off")
    assert json.loads(done.stdout)["eligible"] == 0
    fetch(program, lab, "spys.me", PROXYFLEET_SOURCES_CHECKED_ONLY="false")
    assert program.run("pick", *STORE, "--node", "off").returncode == 1, "what was to be checked stays to be checked"


def test_a_second_look_is_cheap_and_adds_nothing(program, lab):
    fetch(program, lab)
    again = fetch(program, lab)

    assert again["total"]["added"] == 0
    unchanged = [one for one in again["sources"] if one["outcome"] == "unchanged"]
    assert len(unchanged) > 25
    assert len(listed(program)) == sum(KINDS.values())


def test_a_dry_run_reports_the_same_and_writes_nothing(program, lab):
    dry = fetch(program, lab, "geonode", "proxyscrape-v2", "--dry-run")

    assert not (program.home / "fleet.db").exists()
    wet = fetch(program, lab, "geonode", "proxyscrape-v2")
    assert dry["total"]["added"] == wet["total"]["added"] == sum(KINDS.values())
    assert (dry["dry_run"], wet["dry_run"]) == (True, False)


FAULTS = {
    "proxyscrape": ("api.proxyscrape.com/v4/*", "types", "holds no proxy"),
    "proxyscrape-v2": ("api.proxyscrape.com/v2/*", "403", "not for us"),
    "geonode": ("*geonode*", "html", "not legal JSON"),
    "proxy-list.download": ("www.proxy-list.download/*", "silent", "took over 2 s"),
    "free-proxy-list.net": ("free-proxy-list.net/*", "endless", "larger than 100000 bytes"),
    "sslproxies.org": ("sslproxies.org/*", "loop", "redirects"),
    "us-proxy.org": ("us-proxy.org/*", "away", "not a public address"),
    "monosans": ("*monosans*", "drift", "holds no proxy"),
    "proxifly": ("*proxifly*", "short", "not legal JSON"),
    "hookzof": ("*hookzof*", "bomb", "larger than 100000 bytes"),
    "roosterkid": ("*roosterkid*", "array", "nothing on the line looks like a proxy"),
    "vakhov": ("*vakhov*", "half", "broke off"),
    "spys.me": ("spys.me/*", "no newline", "larger than 100000 bytes"),
    "aliilapro": ("*ALIILAPRO*", "drop", "broke off"),
    "zaeem20": ("*Zaeem20*", "503", "answered 503"),
    "databay.com": ("databay.com/*", "empty", "answered with nothing"),
    "proxyspace.pro": ("proxyspace.pro/*", "binary", "not a text file"),
}


def test_dead_slow_huge_lying_and_looping_sources_cost_only_their_own_line(program, lab):
    fetch(program, lab, "proxyscrape", "geonode")
    for pattern, fault, _ in FAULTS.values():
        spoil(lab, pattern, fault)
    limits = {"LONGEST": "2", "LARGEST": "100000", "TRIES": "2", "PAUSE": "0.05"}
    began = time.monotonic()
    told = fetch(program, lab, **{f"PROXYFLEET_SOURCES_{name}": value for name, value in limits.items()})
    took = time.monotonic() - began

    outcome = {one["source"]: one for one in told["sources"]}
    for name, (_, fault, words) in FAULTS.items():
        assert outcome[name]["outcome"] == "failed", (name, fault)
        assert any(words in problem for problem in outcome[name]["problems"]), (name, outcome[name]["problems"])
    others = {name: one["outcome"] for name, one in outcome.items() if name not in FAULTS}
    assert set(others.values()) == {"ok"}, others
    assert len(listed(program)) == sum(KINDS.values()), "the last good set stays"
    # Two tries of two seconds for the silent one; everybody else is done long before. Wide, for busy machines.
    assert took < 25


def test_a_page_may_be_too_busy_once_or_move_while_it_is_read(program, lab):
    spoil(lab, "*geonode*", "429", times=1, retry_after=0)
    spoil(lab, "api.proxyscrape.com/v2/*", "429", times=3)
    spoil(lab, "api.proxyscrape.com/v4/*", "shift")
    told = fetch(program, lab, "geonode", "proxyscrape", "proxyscrape-v2", PROXYFLEET_SOURCES_PAUSE="0.05")

    assert {one["outcome"] for one in told["sources"]} == {"ok"}


def test_a_missing_shard_means_none_now_and_a_mirror_stands_in(program, lab):
    spoil(lab, "cdn.jsdelivr.net/gh/proxyscrape/*/socks4/*", "404")
    spoil(lab, "raw.githubusercontent.com/hookzof/*", "500")
    told = fetch(program, lab, "proxyscrape-mirror", "hookzof", PROXYFLEET_SOURCES_PAUSE="0.01")

    assert {one["source"]: one["outcome"] for one in told["sources"]} == {"proxyscrape-mirror": "ok", "hookzof": "ok"}


def test_failures_in_a_row_switch_a_source_off_with_the_reason_and_enabling_forgives(program, lab):
    spoil(lab, "*geonode*", "html")
    for _ in range(3):
        fetch(program, lab, "geonode", "spys.me", PROXYFLEET_SOURCES_GIVE_UP="3")

    (row,) = [row for row in program.json("sources", "list", *STORE) if row["name"] == "geonode"]
    assert row["looked_at"] == "off"
    assert row["because"].startswith("failed 3 times in a row, at last: holds no proxy")
    assert "geonode" not in {one["source"] for one in fetch(program, lab)["sources"]}
    kinds = [row["what"] for row in program.json("events", *STORE)]
    assert kinds.count("source_failed") == kinds.count("source_disabled") == 1
    program.json("sources", "enable", "geonode", *STORE)
    spoil(lab, "*", None)
    assert fetch(program, lab, "geonode")["sources"][0]["outcome"] == "ok"
    (row,) = [row for row in program.json("sources", "report", *STORE) if row["name"] == "geonode"]
    assert (row["looked_at"], row["failures"], row["valid"]) == ("by itself", 0, sum(KINDS.values()))


def test_when_every_source_fails_it_says_so_and_blames_none(program, lab):
    spoil(lab, "*", "500")
    told = fetch(
        program, lab, "geonode", "spys.me", code=1, PROXYFLEET_SOURCES_TRIES="1", PROXYFLEET_SOURCES_GIVE_UP="1"
    )

    assert told["total"]["failed"] == 2
    assert not any(row["because"] for row in program.json("sources", "list", *STORE))


def test_a_node_looks_at_what_is_switched_on_by_itself(program, lab):
    program.json("sources", "enable", "geonode", *STORE)
    program.json(
        "sources", "add", "mine", f"{lab.told['sources']}/spys.me/proxy.txt?key=canary", "--every", "60", *STORE
    )
    environment = {
        "PROXYFLEET_SOURCES_BASE_URL": lab.told["sources"],
        "PROXYFLEET_SOURCES_ALLOW_PRIVATE": "true",
        "PROXYFLEET_JOBS_SOURCES_EVERY": "1",
    }
    with program.running("serve", "--listen", "127.0.0.1:0", *STORE, **environment):
        for _ in range(60):
            if len(program.json("list", *STORE)) == sum(KINDS.values()):  # the node itself is asked
                break
            time.sleep(0.2)
        assert len(program.json("list", *STORE)) == sum(KINDS.values())
        assert "sources" in {row["name"] for row in program.json("jobs", *STORE)}
    assert "proxies_added" in {row["what"] for row in program.json("events", *STORE)}
    content = b"".join(file.read_bytes() for file in program.home.iterdir() if file.is_file())
    assert b"canary" not in content


def test_events_are_followed(program, lab):
    fetch(program, lab, "geonode")
    process = subprocess.Popen(
        program.command("events", "--follow", "--json", *STORE),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=program.home,
        env=program.environment,
    )
    try:
        first = json.loads(process.stdout.readline())
        assert (first["what"], first["subject"], first["count"]) == ("proxies_added", "geonode", sum(KINDS.values()))
        spoil(lab, "*spys*", "500")
        fetch(program, lab, "spys.me", code=1, PROXYFLEET_SOURCES_TRIES="1")
        second = json.loads(process.stdout.readline())
        assert (second["what"], second["subject"]) == ("source_failed", "spys.me")
    finally:
        process.terminate()
        process.wait(10)
        process.stdout.close()
