"""Checks sort a crowd of lab proxies over real sockets: as claimed, lying, refusing, slow, dead; no healthy one is called dead."""

import random
from collections import Counter
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from proxyfleet.clock import monotonic_clock
from proxyfleet.core.checks import Anonymity, Verdict, Way
from proxyfleet.core.proxy import Scheme
from proxyfleet.gateway.probing import Prober
from proxyfleet.lab import Lab
from proxyfleet.lab.builders import proxy_of
from proxyfleet.net.trust import Trust
from proxyfleet.ports.checks import Judge, Manner, Site
from proxyfleet.services.checking import Checking, JudgeFailed


@asynccontextmanager
async def prober(lab):
    trust = Trust(str(lab.ca_file))
    async with Prober(trust=trust, target_trust=trust, timer=monotonic_clock, rng=random.Random(1)) as probe:
        yield probe


def judge_of(lab):
    return Judge(lab.target.host, lab.target.port, "/judge")


async def checked(lab, *names, proxies=None, judge=None, **manner):
    """Findings, in the order of the proxies."""
    found = []

    async def keep(findings):
        found.extend(findings)

    async with prober(lab) as probe:
        checking = Checking(probe, judge or judge_of(lab), Manner(**{"patience": 2.0, **manner}), keep=keep)
        wanted = lab.find(*names) if names else lab.proxies
        await checking.run(proxies or [replace(proxy_of(one), id=nth) for nth, one in enumerate(wanted, 1)])
    return found


@pytest.mark.parametrize("kind", ["http", "https", "socks4", "socks5"])
async def test_each_kind_works_and_shows_its_exit(kind):
    async with Lab(username="lab", password="lab", **{kind: 1}) as lab:
        lab.proxies[0].behave(exit="127.0.0.77")
        tls = Judge(lab.target.host, lab.target.tls_port, "/judge", tls=True)
        (one,) = await checked(lab, tls_judge=tls)
    both = {"http": {Way.HTTP, Way.CONNECT}, "https": {Way.HTTPS, Way.HTTPS_CONNECT}}
    ways = both.get(kind) or {Way(kind)}
    assert (one.verdict, set(one.protocols), one.exit_address) == (Verdict.WORKS, ways, "127.0.0.77")
    assert one.tls is True
    assert one.anonymity is Anonymity.ELITE
    assert one.latency is not None
    assert 0.0 < one.latency < 1.0


@pytest.mark.parametrize("level", list(Anonymity))
async def test_anonymity_is_what_the_judge_sees(level):
    async with Lab(http=1) as lab:
        lab.proxies[0].behave(anonymity=level.value)
        (one,) = await checked(lab)
    assert one.anonymity is level


@pytest.mark.parametrize(("kind", "speaks"), [("http", "socks5"), ("socks5", "http"), ("socks4", "socks5")])
async def test_a_lie_about_the_protocol_is_found_and_the_truth_with_it(kind, speaks):
    async with Lab(**{kind: 1}) as lab:
        lab.proxies[0].behave(speaks=speaks)
        (one,) = await checked(lab, patience=0.5)
    assert one.verdict is Verdict.OTHER_PROTOCOL
    assert Way(speaks) in one.protocols
    assert one.disagreements[0][0] == "protocol"
    assert one.outcome is not None
    assert one.outcome.category == "protocol"


async def test_a_proxy_that_damages_tls_is_seen_through():
    async with Lab(socks5=1) as lab:
        tls = Judge(lab.target.host, lab.target.tls_port, "/judge", tls=True)
        found = await checked(lab, tls_judge=tls)
        assert found[0].tls is True
        lab.proxies[0].behave(mangle=True)
        (one,) = await checked(lab, tls_judge=tls, patience=0.5)
    assert one.verdict is not Verdict.WORKS


@pytest.mark.parametrize(
    ("behaviour", "verdict", "category"),
    [
        ({"dead": True}, Verdict.DEAD, "connect"),
        ({"stall": True}, Verdict.DEAD, "timeout"),
        ({"speaks": "ssh"}, Verdict.FAILED, "protocol"),
        ({"speaks": "html"}, Verdict.FAILED, "protocol"),
        ({"quota": 0}, Verdict.REFUSED, "quota"),
        ({"error_rate": 1.0}, Verdict.FAILED, "network"),
    ],
)
async def test_why_one_does_not_work(behaviour, verdict, category):
    async with Lab(http=1) as lab:
        lab.proxies[0].behave(**behaviour)
        (one,) = await checked(lab, patience=0.5)
    assert (one.verdict, one.category) == (verdict, category)
    assert one.outcome is not None
    assert one.outcome.category == category


async def test_wrong_credentials_are_no_death():
    async with Lab(http=1, socks5=1, username="lab", password="lab") as lab:
        proxies = [replace(proxy_of(one), id=nth, username="other") for nth, one in enumerate(lab.proxies, 1)]
        found = await checked(lab, proxies=proxies)
    assert [(one.verdict, one.category) for one in found] == [(Verdict.REFUSED, "authentication")] * 2


async def test_while_the_judge_is_away_nothing_is_believed():
    async with Lab(http=3) as lab:
        lab.target.go_down("error")
        with pytest.raises(JudgeFailed, match="does not answer without a proxy"):
            await checked(lab)


async def test_a_judge_that_dies_on_the_way_takes_its_round_with_it():
    async with Lab(http=3) as lab:
        kept = []

        async def keep(findings):
            kept.extend(findings)

        async with prober(lab) as probe:

            class Dying:
                async def ask(self, endpoint, *rest):
                    if endpoint is not None:
                        lab.target.go_down("refuse")
                    return await probe.ask(endpoint, *rest)

            checking = Checking(Dying(), judge_of(lab), Manner(patience=1.0), keep=keep)
            with pytest.raises(JudgeFailed):
                await checking.run([replace(proxy_of(one), id=nth) for nth, one in enumerate(lab.proxies, 1)])
    assert kept == []


async def test_waiting_for_a_turn_is_no_latency():
    async with Lab(http=12) as lab:
        for one in lab.proxies:
            one.behave(latency=0.1)
        found = await checked(lab, crowd=1, patience=0.9)
    assert all(one.verdict is Verdict.WORKS for one in found)
    assert max(one.latency for one in found) < 0.8


async def test_a_crowd_is_sorted_and_no_healthy_one_is_called_dead(capsys):
    kinds = {"http": 120, "socks5": 90, "socks4": 60, "https": 30}
    rng = random.Random(7)
    async with Lab(**kinds) as lab:
        truth = {}
        for one in lab.proxies:
            lot = rng.random()
            if lot < 1 / 3:
                one.behave(dead=True)
                truth[one.name] = Verdict.DEAD
            elif lot < 0.45 and one.scheme in ("http", "socks5"):
                one.behave(speaks="socks5" if one.scheme == "http" else "http")
                truth[one.name] = Verdict.OTHER_PROTOCOL
            else:
                one.behave(latency=rng.choice((0.0, 0.0, 0.3)), anonymity=rng.choice(("elite", "transparent")))
                truth[one.name] = Verdict.WORKS
        found = await checked(lab, patience=1.0, crowd=100)
        table = Counter((truth[lab.proxies[one.proxy.id - 1].name], one.verdict) for one in found)
        measured = [
            (lab.proxies[one.proxy.id - 1].behaviour.anonymity, one.anonymity)
            for one in found
            if one.verdict is Verdict.WORKS and one.proxy.scheme == "http"
        ]
    with capsys.disabled():
        print("\ntruth -> verdict: " + ", ".join(f"{a.value}->{b.value} {n}" for (a, b), n in sorted(table.items())))
    assert sum(table.values()) == 300
    assert not table[Verdict.WORKS, Verdict.DEAD]
    assert all(said is verdict for said, verdict in table), table
    assert all(said == level for said, level in measured)


async def test_a_plain_proxy_that_is_listed_as_https_works_as_what_it_is():
    async with Lab(http=1) as lab:
        listed = replace(proxy_of(lab.proxies[0]), id=1, scheme=Scheme.HTTPS)
        (one,) = await checked(lab, proxies=[listed], patience=0.5)
    assert (one.verdict, one.protocols) == (Verdict.OTHER_PROTOCOL, (Way.HTTP, Way.CONNECT))


@pytest.mark.parametrize("kind", ["http", "socks4", "socks5"])
async def test_who_resolves_names(kind):
    async with Lab(**{kind: 2}) as lab:
        lab.proxies[1].behave(resolves=False)
        named = Judge("localhost", lab.target.port, "/judge")
        proxies = [replace(proxy_of(one), id=nth) for nth, one in enumerate(lab.proxies, 1)]
        found = await checked(lab, judge=named, proxies=proxies, addresses={"localhost": lab.target.host}, patience=0.5)
    assert [(one.verdict, one.names) for one in found] == [(Verdict.WORKS, True), (Verdict.FAILED, False)]


async def test_a_site_s_welcome_is_of_the_pair():
    async with Lab(http=2, socks5=1) as lab:
        lab.proxies[0].behave(banned=["shop.example"])
        proxies = [replace(proxy_of(one), id=nth) for nth, one in enumerate(lab.proxies, 1)]

        async def answers(path, *rules, tls=False):
            judge = Judge("shop.example", 443 if tls else 80, path, tls)
            return [one.visit.answer.value for one in await checked(lab, proxies=proxies, site=Site(judge, rules))]

        assert await answers("/status/200") == ["banned", "accepted", "accepted"]
        assert await answers("/status/429") == ["banned", "rate_limited", "rate_limited"]
        assert await answers("/judge", "banned body=shop.example") == ["banned"] * 3
        assert await answers("/", tls=True) == ["failed", "accepted", "accepted"]
