"""Who is asked what, in which order, and what is believed: with a probe that answers from a table."""

import asyncio
from dataclasses import replace

import pytest

from proxyfleet.core.checks import Finding, Said, Seen, Verdict, Way
from proxyfleet.core.outcome import Category, Phase
from proxyfleet.core.proxy import Scheme
from proxyfleet.lab.builders import some_proxies
from proxyfleet.ports.checks import Judge, Manner
from proxyfleet.services import checking
from proxyfleet.services.checking import Checking, JudgeFailed, believable, better

JUDGE = Judge("judge.example", 80)
SEEN = Seen("192.0.2.1", {})
REFUSED = (Category.CONNECT, Phase.DIAL)
SILENT = (Category.TIMEOUT, Phase.EXCHANGE)


class Table:
    """`answers[way]` is a list of (category, phase), the last one for ever; what is missing works."""

    def __init__(self, **answers):
        self.answers = {Way(name): list(said) for name, said in answers.items()}
        self.direct = [True]
        self.asked = []
        self.now = self.most = 0

    async def ask(self, endpoint, way, judge, patience):
        if endpoint is None:
            lives = self.direct.pop(0) if len(self.direct) > 1 else self.direct[0]
            return Said(way, seen=SEEN) if lives else Said(way, Category.CONNECT, Phase.DIAL)
        self.asked.append(way.value)
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        said = self.answers.get(way)
        if not said:
            return Said(way, seen=SEEN, seconds=0.1)
        told = said.pop(0) if len(said) > 1 else said[0]
        return Said(way, *told) if told else Said(way, seen=SEEN)


async def run(table, count=1, scheme=Scheme.HTTP, judge=JUDGE, **manner):
    kept, told = [], []

    async def keep(findings):
        kept.extend(findings)

    checking = Checking(table, judge, Manner(**manner), keep=keep, tell=told.append)
    summary = await checking.run([replace(one, scheme=scheme) for one in some_proxies(count)])
    assert summary.judged == len(kept) == count
    assert told == list(range(1, count + 1))
    return kept


async def test_a_healthy_one_is_asked_what_it_claims_and_nothing_else():
    table = Table()
    assert (await run(table))[0].verdict is Verdict.WORKS
    assert table.asked == ["http", "connect"]
    table = Table()
    await run(table, every_way=True)
    assert table.asked == ["http", "connect", "socks5", "socks4", "https", "https_connect"]


async def test_a_liar_is_asked_until_one_family_works():
    table = Table(http=[(Category.NETWORK, Phase.EXCHANGE)], connect=[(Category.NETWORK, Phase.HANDSHAKE)])
    (one,) = await run(table)
    assert (one.verdict, one.protocols) == (Verdict.OTHER_PROTOCOL, (Way.SOCKS5,))
    assert table.asked == ["http", "connect", "socks5"]


async def test_who_cannot_be_reached_is_asked_twice_in_all():
    table = Table(http=[REFUSED])
    assert (await run(table))[0].verdict is Verdict.DEAD
    assert table.asked == ["http", "http"]


async def test_silence_is_not_waited_for_without_end():
    table = Table(http=[SILENT], connect=[SILENT])
    assert (await run(table))[0].verdict is Verdict.DEAD
    assert table.asked == ["http", "connect"] * 2


async def test_a_failure_of_the_first_turn_is_made_up_for_in_the_second():
    assert (await run(Table(http=[REFUSED, None])))[0].verdict is Verdict.WORKS


async def test_a_judge_behind_tls_is_not_asked_in_the_open():
    table = Table()
    await run(table, judge=JUDGE._replace(tls=True))
    assert table.asked == ["connect"]


async def test_tls_is_asked_through_the_tunnel_that_works():
    table = Table()
    await run(table, scheme=Scheme.SOCKS5, tls_judge=JUDGE._replace(tls=True))
    assert table.asked == ["socks5", "socks5"]


async def test_no_more_at_a_time_than_the_crowd():
    table = Table()
    await run(table, count=40, crowd=7)
    assert table.most == 7


async def test_what_was_found_before_the_judge_died_is_kept_and_nothing_after(monkeypatch):
    monkeypatch.setattr(checking, "ROUND", 2)
    table, kept = Table(), []
    table.direct = [True, True, False]

    async def keep(findings):
        kept.extend(findings)

    with pytest.raises(JudgeFailed):
        await Checking(table, JUDGE, Manner(), keep=keep).run(some_proxies(6))
    assert [one.proxy.id for one in kept] == [1, 2]


async def test_a_judge_may_miss_once():
    table = Table()
    table.direct = [False, True]
    assert (await run(table))[0].verdict is Verdict.WORKS


def test_the_kinder_look_counts():
    proxy = some_proxies(1)[0]
    ours = Finding(proxy, (Said(Way.HTTP, ours=True),), SEEN)
    dead = Finding(proxy, (Said(Way.HTTP, *REFUSED),), SEEN)
    good = Finding(proxy, (Said(Way.HTTP, seen=SEEN),), SEEN)
    assert better(dead, ours) is ours
    assert better(good, dead) is good


def test_while_nobody_has_reached_the_judge_only_the_unreachable_are_blamed():
    proxy = some_proxies(1)[0]
    away = Finding(proxy, (Said(Way.HTTP, Category.NETWORK, Phase.EXCHANGE),), SEEN)
    dead = Finding(proxy, (Said(Way.HTTP, *REFUSED),), SEEN)
    shut = Finding(proxy, (Said(Way.HTTP, Category.AUTHENTICATION, Phase.EXCHANGE),), SEEN)
    good = Finding(proxy, (Said(Way.HTTP, seen=SEEN),), SEEN)
    assert believable([away, dead, shut], proven=False) == [dead, shut]
    assert believable([away, dead], proven=True) == [away, dead]
    assert believable([away, good], proven=False) == [away, good]
