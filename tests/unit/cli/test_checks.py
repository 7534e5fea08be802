"""`check`, against a lab that runs in a thread of its own."""

import asyncio
import sys
import threading
from dataclasses import replace

import pytest
from tests import mmdb

from proxyfleet.assembly.node import Node
from proxyfleet.assembly.opening import opened
from proxyfleet.lab import Lab
from proxyfleet.settings.load import load
from proxyfleet.settings.schema import GatewaySection
from proxyfleet.settings.schema_care import JobsSection


@pytest.fixture
def lab(run):
    """URLs of a lab with two good proxies, a liar and a dead one, all of them in the store; `judge` is its judge."""
    loop, up, end, told = asyncio.new_event_loop(), threading.Event(), asyncio.Event(), {}

    async def live():
        async with Lab(http=3, socks5=1) as lab:
            lab.proxies[0].behave(anonymity="transparent")
            lab.proxies[2].kill()
            lab.proxies[3].behave(speaks="http")
            told.update(judge=f"{lab.target.url}/judge", lines=lab.lines())
            told["call"] = lambda work: asyncio.run_coroutine_threadsafe(work, loop).result(20)
            up.set()
            await end.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(live(),))
    thread.start()
    assert up.wait(20)
    assert run("import", "-", "--allow-private", text="\n".join(told["lines"])).code == 0
    yield told
    loop.call_soon_threadsafe(end.set)
    thread.join(20)
    left = asyncio.all_tasks(loop)
    loop.close()
    assert not left


def test_json_has_every_finding_and_health_is_recorded(run, lab):
    done = run("check", "--judge", lab["judge"], "--timeout", "1", "--json").json
    assert [one["verdict"] for one in done["proxies"]] == ["works", "works", "dead", "other_protocol"]
    assert (done["checked"], done["recorded"], done["verdicts"]["works"]) == (4, True, 2)
    assert done["proxies"][0]["measured"]["anonymity"] == "transparent"
    assert done["proxies"][3]["disagreements"][0] == {
        "field": "protocol",
        "claimed": "socks5",
        "measured": "http, connect",
    }
    rows = run("list", "--json").json
    assert [row["status"] for row in rows] == ["active", "active", "pending", "pending"]


def test_people_see_bars_and_disagreements(run, lab):
    done = run("check", "--judge", lab["judge"], "--timeout", "1", "--dry-run")
    assert done.code == 0
    assert "works                2  " in done.out
    assert "1 proxies are not what they claim to be" in done.out
    assert "nothing was recorded" in done.err
    assert {row["status"] for row in run("list", "--json").json} == {"pending"}


def test_a_dead_judge_is_told_and_nothing_recorded(run, lab):
    done = run("check", "--judge", "http://127.0.0.1:9/")
    assert done.code == 3
    assert "does not answer without a proxy" in done.err
    assert {row["status"] for row in run("list", "--json").json} == {"pending"}


def test_nothing_that_works_is_a_failure(run, lab):
    assert run("check", "id=3", "--judge", lab["judge"], "--timeout", "1").code == 1


def test_what_cannot_be_meant(run, fleet):
    assert "proxyfleet judge" in run("check").err
    assert run("check", "--judge", "ftp://x").code == 2
    assert run("check", "colour=red", "--judge", "http://127.0.0.1:9").code == 2
    assert "cannot reach it" in run("check", "--judge", "http://127.0.0.1:9").err
    assert run("check", "--store", "sqlite:///nowhere.db", "--judge", "http://127.0.0.1:9").code == 3


def test_country_and_network_come_from_the_operator_s_file_and_stand_beside_claims(run, lab, home, monkeypatch):
    record = {"country": {"iso_code": "DE"}, "autonomous_system_number": 64500, "autonomous_system_organization": "Net"}
    mmdb.write(home / "places.mmdb", {"127.0.0.0/8": record})
    monkeypatch.setenv("PROXYFLEET_CHECKS_GEO_FILE", "places.mmdb")
    assert run("set", "id=1", "country=US").code == 0
    done = run("check", "id=1,2", "--judge", lab["judge"], "--timeout", "1")
    assert "countries       DE 2, by Test-Country of 2023-11-14" in done.out
    assert "country  US" in done.out
    first, second = (run("show", n, "--json").json for n in (1, 2))
    assert (first["country"], first["measured_country"], first["measured_asn"]) == ("US", "DE", 64500)
    assert (first["measured_exit"], first["exit_address"], second["measured_network"]) == ("127.0.0.1", None, "Net")
    assert "DE (not US)" in run("list", "country=DE").out
    (group,) = run("list", "--by-exit", "--json").json
    assert (group["exit"], group["ids"]) == ("127.0.0.1", [1, 2])
    assert "2 proxies share 1 exit addresses" in run("doctor").out
    assert run("stats", "--json").json["fleet"]["behind_shared_exits"] == 2


def test_without_the_extra_the_rest_of_the_check_works(run, lab, monkeypatch):
    monkeypatch.setitem(sys.modules, "iptocc", None)
    done = run("check", "id=1", "--judge", lab["judge"], "--dry-run")
    assert done.code == 0
    assert 'pip install "proxyfleet[geo]"' in done.out


def test_a_site_s_answer_is_kept_per_proxy(run, lab):
    site = lab["judge"].replace("/judge", "/status/403")
    done = run("check", "id=1,2", "--judge", lab["judge"], "--site", site)
    assert "site            banned 2" in done.out
    assert run("show", 1, "--json").json["sites"] == {"127.0.0.1": "banned"}
    welcome = run("check", "id=1", "--judge", lab["judge"], "--site", site, "--site-status", "200,403", "--json").json
    assert welcome["site"]["accepted"] == 1
    texts = ("--site", lab["judge"], "--site-forbids", "CLIENT")
    assert run("check", "id=1", "--judge", lab["judge"], *texts, "--json").json["site"]["banned"] == 1
    assert "--site" in run("check", "--judge", lab["judge"], "--site-status", "200").err
    assert run("check", "--judge", lab["judge"], "--site", site, "--site-status", "ok").code == 2
    assert run("check", "--judge", lab["judge"], "--site", "ftp://x").code == 2


def test_a_running_node_lets_the_pair_rest(run, lab):
    node = serving()
    lab["call"](anext(node))
    try:
        site = lab["judge"].replace("/judge", "/status/403")
        assert run("check", "id=1", "--judge", lab["judge"], "--site", site).code == 0
        told = {
            one["id"]: one["code"]
            for one in run("pick", "--explain", "--target", "127.0.0.1", "--json").json["proxies"]
        }
        assert told[1] != "eligible"
        assert told[2] == "eligible"
    finally:
        lab["call"](node.aclose())


async def serving():
    """A node on the same store, until it is closed."""
    gateway = GatewaySection(listen=("127.0.0.1", 0))
    settings = replace(load().settings, gateway=gateway, jobs=JobsSection(run=False))
    async with opened(settings) as found:
        node = Node(settings, found)
        await node.start()
        try:
            yield
        finally:  # closing a generator ends it where it waits
            await node.stop(0.0)
