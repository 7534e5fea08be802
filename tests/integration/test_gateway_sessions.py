"""Sessions and leases in traffic (G5, rules 2, 5, 12; R3), with real curl and the lab's proxies."""

import asyncio

import pytest
from tests.integration.gatewaykit import Peer
from tests.integration.labkit import KEY, USERS, basic, lab_fleet, serving

from proxyfleet.clock import wall_clock
from proxyfleet.core.lease import Holder, Token
from proxyfleet.core.rules import Rules
from proxyfleet.lab import Lab
from proxyfleet.lab.builders import proxy_of
from proxyfleet.ports import GatewayUser
from proxyfleet.services.leasing import Wanted
from proxyfleet.stores.errors import StoreUnusable
from proxyfleet.stores.memory import MemoryStore
from proxyfleet.wire.lease_pass import lease_password, lease_user

SCHEMES = ("http", "socks4a", "socks5h")
PLACES = ("http://shop.lab/", "https://shop.lab/")


@pytest.fixture
async def lab():
    async with Lab(http=3, username="lab", password="lab-secret") as lab:
        yield lab


def login(session, *more):
    return "-".join(("alice", "session", session, *more)) + f":{KEY}"


async def answer(served, url, *arguments, **options):
    """(proxy that served it, all of the answers) of one request."""
    code, out = await served.curl(url, "-i", *arguments, **options)
    found = out.rpartition("\r\n\r\n")[2]
    return (found.partition('"proxy": "')[2].partition('"')[0] if code == 0 else None), out


async def eventually(holds):
    for _ in range(500):
        if holds():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("it never became so")


async def test_a_session_keeps_its_proxy_over_every_protocol(lab):
    async with serving(lab) as served:
        served.fleet.switch("round_robin")
        first = (await served.visit(PLACES[0], login=login("a1")))["proxy"]
        for scheme in SCHEMES:
            for place in PLACES:
                assert (await served.visit(place, scheme=scheme, login=login("a1")))["proxy"] == first
        leases = list(served.leasing.table.leases(wall_clock()))
        assert [(lease.holder, served.lab.proxies[lease.proxy_id - 1].name) for lease in leases] == [
            (Holder("alice", "session a1"), first)
        ]
        others = {(await served.visit(PLACES[0], login=login(f"b{n}")))["proxy"] for n in range(3)}
        assert len(others) > 1, "other sessions spread over the fleet"


async def test_sessions_count_against_capacity_and_end(lab):
    proxies = [proxy_of(lab.proxies[0], capacity=2)]
    async with serving(lab, proxies=proxies) as served:
        for name in ("a", "b"):
            await served.visit(PLACES[0], login=login(name))
        _, out = await answer(served, PLACES[0], login=login("c"))
        assert "503 Service Unavailable" in out
        assert "no_proxy" in out
        lease = served.leasing.table.session(Holder("alice", "session a"), wall_clock())
        await release(served, lease)
        await served.visit(PLACES[0], login=login("c"))
        assert served.fleet.leases(1) == 2


async def release(served, lease):
    await served.leasing.release(Token(lease.pool, lease.slot, lease.fence), None)


async def test_users_do_not_share_sessions(lab):
    users = USERS | {"bob": GatewayUser("bob", USERS["alice"].key_hash)}
    async with serving(lab, users=users) as served:
        for name in ("alice", "bob"):
            await served.visit(PLACES[0], login=f"{name}-session-x:{KEY}")
        holders = {lease.holder for lease in served.leasing.table.leases(wall_clock())}
        assert holders == {Holder("alice", "session x"), Holder("bob", "session x")}


async def test_a_dead_proxy_is_replaced_once_and_reported(lab):
    async with serving(lab) as served:
        first = (await served.visit(PLACES[0], login=login("a1")))["proxy"]
        lab.kill([first])
        second, out = await answer(served, PLACES[0], login=login("a1"))
        assert second not in (first, None)
        assert "X-Proxyfleet-Session: moved" in out
        again, out = await answer(served, PLACES[0], login=login("a1"))
        assert again == second
        assert "X-Proxyfleet-Session" not in out
        lab.revive([first])
        lab.kill([second])
        third, out = await answer(served, PLACES[1], login=login("a1"))
        assert third not in (second, None)
        assert out.startswith("HTTP/1.1 200 Connection established")
        assert "X-Proxyfleet-Session: moved" in out
        assert served.gateway.stats().sessions_moved == 2
        assert [lease.proxy_id for lease in served.leasing.table.leases(wall_clock())] == [int(third[-1])]


async def test_two_dead_proxies_in_a_row_are_the_answer(lab):
    async with serving(lab) as served:
        first = (await served.visit(PLACES[0], login=login("a1")))["proxy"]
        lab.kill(["http-*"])
        _, out = await answer(served, PLACES[0], login=login("a1"))
        assert "502 Bad Gateway" in out
        assert served.gateway.stats().dials == 3, "the session's own proxy, one other, and no more"
        lab.revive(["http-*"])
        assert (await served.visit(PLACES[0], login=login("a1")))["proxy"] != first


async def test_a_pinned_session_never_goes_elsewhere(lab):
    async with serving(lab) as served:
        first = (await served.visit(PLACES[0], login=login("a1", "pinned")))["proxy"]
        lab.kill([first])
        for place in PLACES:
            _, out = await answer(served, place, login=login("a1", "pinned"))
            assert "502 Bad Gateway" in out
        assert served.gateway.stats().sessions_moved == 0
        lab.revive([first])
        assert (await served.visit(PLACES[0], login=login("a1", "pinned")))["proxy"] == first
        lease = served.leasing.table.session(Holder("alice", "session a1"), wall_clock())
        await release(served, lease)
        for _ in range(3):
            assert (await served.visit(PLACES[0], login=login("a1", "pinned")))["proxy"] == first
    assert {visit.proxy for visit in lab.target.requests} == {first}


async def test_a_resting_proxy_is_no_place_for_a_session(lab):
    async with serving(lab, rules=Rules(open_after=1)) as served:
        for number in (1, 2, 3):  # the guard lets one of three rest, but not one of one that has worked
            await served.visit(PLACES[0], login=f"alice-id-{number}:{KEY}")
        first = (await served.visit(PLACES[0], login=login("a1")))["proxy"]
        pinned = (await served.visit(PLACES[0], login=login("p1", "pinned", "id", first[-1])))["proxy"]
        lab[first].behave(truncate_after=0)
        await served.curl("http://shop.lab/bytes/100", login=f"alice-id-{first[-1]}:{KEY}")
        lab[first].behave(truncate_after=None)
        assert served.health(int(first[-1])).circuit == "open"
        second, out = await answer(served, PLACES[0], login=login("a1"))
        assert second != first
        assert "X-Proxyfleet-Session: moved" in out
        assert pinned == first
        _, out = await answer(served, PLACES[0], login=login("p1", "pinned", "id", first[-1]))
        assert "session_stuck" in out


async def test_a_target_that_is_down_moves_no_session(lab):
    async with serving(lab) as served:
        first = (await served.visit(PLACES[0], login=login("a1")))["proxy"]
        lab.target.go_down("refuse")
        for place in PLACES:
            for _ in range(3):
                await answer(served, place, login=login("a1"))
        lab.target.come_up()
        assert (await served.visit(PLACES[0], login=login("a1")))["proxy"] == first
        assert served.gateway.stats().sessions_moved == 0


async def test_another_selector_moves_a_session_that_does_not_fit(lab):
    proxies = [proxy_of(one, country=place) for one, place in zip(lab.proxies, ("US", "US", "DE"), strict=True)]
    async with serving(lab, proxies=proxies) as served:
        first = (await served.visit(PLACES[0], login=login("a1", "country", "us")))["proxy"]
        assert (await served.visit(PLACES[0], login=login("a1")))["proxy"] == first, "it fits the wider question"
        assert (await served.visit(PLACES[0], login=login("a1", "country", "de")))["proxy"] == "http-3"
        assert len(served.leasing.table) == 1


async def test_a_session_ends_after_its_time_and_not_while_it_is_used(lab):
    async with serving(lab) as served:
        for _ in range(8):
            await served.visit(PLACES[0], login=login("a1", "ttl", "1s"))
            await asyncio.sleep(0.25)
        fences = {lease.fence for lease in served.leasing.table.leases(wall_clock())}
        assert fences == {1}, "used all the time, it never ended"
        await eventually(lambda: len(served.leasing.table) == 0)
        assert served.fleet.leases(1) + served.fleet.leases(2) + served.fleet.leases(3) == 0


async def test_many_first_requests_at_once_begin_one_session(lab):
    async with serving(lab) as served:
        seen = await asyncio.gather(*(served.visit(PLACES[0], login=login("a1")) for _ in range(8)))
        assert len({one["proxy"] for one in seen}) == 1
        assert len(served.leasing.table) == 1


async def tunnel(served, who):
    peer = Peer(*await asyncio.open_connection("127.0.0.1", served.port))
    peer.send(
        f"CONNECT shop.lab:80 HTTP/1.1\r\nHost: shop.lab:80\r\nProxy-Authorization: {basic(who)}\r\n\r\n".encode()
    )
    head = await peer.read_head()
    assert head.startswith(b"HTTP/1.1 200 "), head
    return peer


async def cut_within_a_second(peer):
    begun = asyncio.get_running_loop().time()
    await asyncio.wait_for(peer.reader.read(), 3.0)
    assert asyncio.get_running_loop().time() - begun < 1.0


async def test_tunnels_of_a_session_are_cut_when_it_ends(lab):
    async with serving(lab) as served:
        one, other = await tunnel(served, login("a1")), await tunnel(served, login("b2"))
        lease = served.leasing.table.session(Holder("alice", "session a1"), wall_clock())
        await release(served, lease)
        await cut_within_a_second(one)
        assert served.gateway.stats().tunnels_open == 1
        other.send(b"GET /bytes/3 HTTP/1.0\r\nHost: shop.lab\r\n\r\n")
        assert (await other.read_all()).endswith(b"012")


async def lease(served, principal="api", **wanted):
    grant = await served.leasing.acquire(Wanted(Holder(principal), **wanted))
    return grant.handouts[0].lease


def lease_login(served, held):
    return f"{lease_user(held.token)}:{lease_password(served.store.lease_key(), held.token)}"


@pytest.mark.parametrize("users", [True, False])
async def test_a_lease_is_used_through_the_gateway(lab, users):
    async with serving(lab, **({} if users else {"users": None})) as served:
        held = await lease(served)
        name = lab.proxies[held.proxy_id - 1].name
        for scheme in SCHEMES:
            for place in PLACES:
                assert (await served.visit(place, scheme=scheme, login=lease_login(served, held)))["proxy"] == name
        await release(served, held)
        for place in PLACES:
            _, out = await answer(served, place, login=lease_login(served, held))
            assert "403 Forbidden" in out
            assert "lease_ended" in out
        code, _ = await served.curl(PLACES[0], scheme="socks5h", login=lease_login(served, held))
        assert code == 97


async def test_tunnels_of_a_lease_are_cut_when_it_is_released_or_expires(lab):
    async with serving(lab) as served:
        released, expiring = await lease(served), await lease(served, ttl=1.0)
        one, other = (
            await tunnel(served, lease_login(served, released)),
            await tunnel(served, lease_login(served, expiring)),
        )
        await release(served, released)
        await cut_within_a_second(one)
        await asyncio.wait_for(other.reader.read(), 2.5)
        assert served.gateway._ctx.ties.cut == 2


async def test_a_download_under_a_lease_is_cut_too(lab):
    async with serving(lab) as served:
        held = await lease(served)
        peer = Peer(*await asyncio.open_connection("127.0.0.1", served.port))
        who = basic(lease_login(served, held))
        peer.send(
            f"GET http://shop.lab/slow/1000 HTTP/1.1\r\nHost: shop.lab\r\nProxy-Authorization: {who}\r\n\r\n".encode()
        )
        assert (await peer.read_head()).startswith(b"HTTP/1.1 200 ")
        await release(served, held)
        await cut_within_a_second(peer)
        assert served.health(held.proxy_id).consecutive_failures == 0


async def test_a_lease_of_somebody_else_or_with_a_wrong_password_opens_nothing(lab):
    async with serving(lab) as served:
        mine, theirs = await lease(served, "alice"), await lease(served, "bob")
        assert (await served.visit(PLACES[0], login=f"alice-lease-{mine.token}:{KEY}"))["proxy"]
        _, out = await answer(served, PLACES[0], login=f"alice-lease-{theirs.token}:{KEY}")
        assert "lease_ended" in out
        password = lease_password(served.store.lease_key(), theirs.token)
        for who in (
            f"lease-{mine.token}:{password}",
            f"lease-{theirs.token}:{KEY}",
            f"lease-{theirs.token}:",
            "lease-:x",
        ):
            _, out = await answer(served, PLACES[0], login=who)
            assert "407" in out
        header = ("-H", f"X-Proxyfleet-Lease: {mine.token}")
        _, out = await answer(served, PLACES[0], *header, login=lease_login(served, theirs))
        assert "lease_ended" in out
    assert len(lab.target.requests) == 1


async def test_a_lease_never_goes_elsewhere(lab):
    async with serving(lab) as served:
        held = await lease(served)
        lab.kill([lab.proxies[held.proxy_id - 1].name])
        for place in PLACES:
            _, out = await answer(served, place, login=lease_login(served, held))
            assert "502 Bad Gateway" in out
    assert not lab.target.requests


class Away:
    """A store that does not answer, in front of one that did."""

    def __init__(self, store):
        self.store, self.away = store, False

    def __getattr__(self, name):
        return getattr(self.store, name)

    async def decide(self, orders, node):
        if self.away:
            raise StoreUnusable("the store is away; bring it back")
        return await self.store.decide(orders, node)


async def test_while_the_store_is_away_sessions_go_on_and_none_begins(lab):
    """R9."""
    store = MemoryStore()
    await store.put(lab_fleet(lab))
    away = Away(store)
    async with serving(lab, store=away) as served:
        first = (await served.visit(PLACES[0], login=login("a1")))["proxy"]
        away.away = True
        for _ in range(3):
            assert (await served.visit(PLACES[0], login=login("a1")))["proxy"] == first
            assert (await served.visit(PLACES[0]))["proxy"]
        _, out = await answer(served, PLACES[0], login=login("b2"))
        assert "session_store_away" in out
        assert "Retry-After" in out
        away.away = False
        await served.visit(PLACES[0], login=login("b2"))
