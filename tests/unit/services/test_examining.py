"""What one proxy is asked about names, TLS and a site, with a probe that answers from a function."""

from dataclasses import replace

import pytest

from proxyfleet.core.checks import Answer, Said, Seen, Verdict, Visit, Way
from proxyfleet.core.outcome import Category, Phase
from proxyfleet.core.proxy import Scheme
from proxyfleet.lab.builders import a_proxy
from proxyfleet.ports.checks import Judge, Manner, Site
from proxyfleet.services.examining import Examiner

JUDGE = Judge("judge.example", 80)
SEEN = Seen("192.0.2.1", {})
ADDRESSES = {"judge.example": "192.0.2.9"}
SITE = Site(Judge("shop.example", 443, tls=True))
AWAY = (Category.NETWORK, Phase.HANDSHAKE)


class Probe:
    """`fails(way, judge)` gives (category, phase) or None."""

    def __init__(self, fails=lambda way, judge: None):
        self._fails = fails
        self.asked = []

    async def ask(self, endpoint, way, judge, patience):
        self.asked.append((way.value, bool(judge.address)))
        told = self._fails(way, judge)
        return Said(way, *told) if told else Said(way, seen=SEEN)

    async def visit(self, endpoint, way, site, patience):
        self.asked.append((way.value, site.judge.host))
        return Visit(site.judge.host, Answer.ACCEPTED, 200)


async def examined(probe, scheme=Scheme.HTTP, judge=JUDGE, **manner):
    return await Examiner(probe, judge, Manner(**manner)).examine(replace(a_proxy(1), scheme=scheme), SEEN)


@pytest.mark.parametrize("scheme", [Scheme.HTTP, Scheme.SOCKS5, Scheme.SOCKS4A])
async def test_who_reaches_a_name_resolves_it(scheme):
    assert (await examined(Probe(), scheme, addresses=ADDRESSES)).names is True
    assert (await examined(Probe(), scheme)).names is None


async def test_who_knows_no_names_is_told_from_who_carries_nothing():
    deaf = Probe(lambda way, judge: None if judge.address or way is not Way.SOCKS5 else AWAY)
    deaf._fails = lambda way, judge: None if judge.address and way is Way.SOCKS5 else AWAY
    one = await examined(deaf, Scheme.SOCKS5H, addresses=ADDRESSES)
    assert (one.verdict, one.names) == (Verdict.FAILED, False)
    assert deaf.asked[-1] == ("socks5", True)
    nothing = await examined(Probe(lambda way, judge: AWAY), Scheme.SOCKS5H, addresses=ADDRESSES)
    assert (nothing.verdict, nothing.names) == (Verdict.FAILED, None)


@pytest.mark.parametrize(("scheme", "here"), [(Scheme.SOCKS5, True), (Scheme.SOCKS5H, False), (Scheme.HTTP, False)])
async def test_where_traffic_resolves_here_so_does_the_check(scheme, here):
    probe = Probe()
    one = await examined(probe, scheme, addresses=ADDRESSES, local_dns=True)
    assert (one.verdict, one.names) == (Verdict.WORKS, True)
    assert probe.asked[0][1] is here


async def test_one_that_works_with_addresses_only_works_where_names_are_resolved_here():
    probe = Probe(lambda way, judge: None if judge.address else AWAY)
    one = await examined(probe, Scheme.SOCKS4, addresses=ADDRESSES, local_dns=True)
    assert (one.verdict, one.names) == (Verdict.WORKS, False)


async def test_a_plain_proxy_listed_as_https_is_found_even_if_it_only_waits():
    for refusal in ((Category.PROTOCOL, Phase.DIAL), (Category.TIMEOUT, Phase.DIAL)):
        probe = Probe(lambda way, judge, told=refusal: told if way in (Way.HTTPS, Way.HTTPS_CONNECT) else None)
        one = await examined(probe, Scheme.HTTPS)
        assert (one.verdict, one.protocols) == (Verdict.OTHER_PROTOCOL, (Way.HTTP, Way.CONNECT))
    dead = await examined(Probe(lambda way, judge: (Category.CONNECT, Phase.DIAL)), Scheme.HTTPS)
    assert dead.verdict is Verdict.DEAD


async def test_a_site_is_visited_through_what_works_and_a_tls_site_through_a_tunnel():
    probe = Probe()
    assert (await examined(probe, site=SITE)).visit.answer is Answer.ACCEPTED
    assert probe.asked[-1] == ("connect", "shop.example")
    plain = Probe()
    await examined(plain, site=Site(Judge("shop.example", 80)))
    assert plain.asked[-1] == ("http", "shop.example")
    forwards_only = Probe(lambda way, judge: None if way is Way.HTTP else AWAY)
    assert (await examined(forwards_only, site=SITE)).visit == Visit("shop.example", Answer.FAILED)
    assert (await examined(Probe(lambda way, judge: AWAY), site=SITE)).visit is None
