"""The public fleet inside a program, on a real SQLite file."""

import asyncio

import pytest

from proxyfleet import ClaimRefused, Fleet
from proxyfleet.assembly.fleet import reachable
from proxyfleet.assembly.opening import opened
from proxyfleet.core.outcome import Outcome
from proxyfleet.lab.builders import a_proxy, some_proxies
from proxyfleet.settings.schema import GatewaySection, Settings
from proxyfleet.wire.lease_pass import opens


@pytest.fixture
async def settings(tmp_path):
    made = Settings(
        f"sqlite:///{tmp_path}/fleet.db",
        data_folder=tmp_path,
        key_default=tmp_path / "k" / "key",
        gateway=GatewaySection(listen=("0.0.0.0", 8899)),
    )
    async with opened(made) as found:
        await found.store.put(
            [*some_proxies(3, country="DE", capacity=2), a_proxy(9, country="US", username="u", password="p")]
        )
    return made


async def test_a_lease_is_one_line(settings):
    async with Fleet.open(settings=settings) as fleet:
        async with fleet.lease(country="US") as proxy:
            assert proxy.proxy_url.startswith("http://u:p@198.")
            assert proxy.to_playwright_config() == {"server": proxy.server, "username": "u", "password": "p"}
            assert fleet.get_stats()["leases"] == 1
            assert proxy.token in repr(proxy)
            assert "u:p" not in repr(proxy)
        assert fleet.get_stats()["leases"] == 0
        with pytest.raises(ClaimRefused) as refused:
            async with fleet.lease(country="FR"):
                pass
        assert refused.value.code == "no_match"


async def test_the_gateway_url_is_the_lease_with_its_password(settings):
    async with Fleet.open(settings=settings) as fleet:
        (proxy,) = await fleet.acquire(country="US")
        user, _, rest = proxy.gateway_url.removeprefix("http://").partition(":")
        password, _, address = rest.partition("@")
        assert (user, address) == (f"lease-{proxy.token}", "127.0.0.1:8899")
        assert opens(fleet._lease_key, proxy.token, password)
    async with Fleet.open(settings=settings) as again:
        assert again.gateway_url(proxy.lease) == proxy.gateway_url, "every node of the fleet makes the same"


async def test_several_at_once_and_by_hand(settings):
    fleet = await Fleet.open(settings=settings)
    proxies = await fleet.acquire(7, country="DE", label="bot")
    assert len(proxies) == 6, "what there is"
    before = proxies[0].deadline
    await fleet.renew(proxies[0], 600.0)
    assert proxies[0].deadline > before
    for proxy in proxies:
        fleet.record(proxy, Outcome.succeeded(0.1))
        await fleet.release(proxy)
    with pytest.raises(ClaimRefused, match="released before"):
        await fleet.release(proxies[0])
    await fleet.close()


async def test_the_names_of_the_older_service(settings):
    async with Fleet.open(settings=settings) as fleet:
        assert [proxy.id for proxy in fleet.get_available_proxies("site")] == [1, 2, 3, 4]
        assert await fleet.reserve_proxies([1, 2, 77], "site", "ann") == [1, 2]
        assert await fleet.reserve_proxies([1, 3], "site", "bob") == [3]
        taken, failed = await fleet.take_proxies_batch([1, 3, 4], "site", "ann")
        assert [proxy.id for proxy in taken] == [1, 4]
        assert [(one.proxy_id, one.refusal.code) for one in failed] == [(3, "resource_taken")]
        assert fleet.get_stats()["pending_reservations"] == 2
        assert await fleet.cancel_all_reservations("ann") == 1
        assert (await fleet.try_take_proxy(2, "site", "eve")).id == 2
        assert await fleet.try_take_proxy(2, "site", "ann") is None
        assert await fleet.give_back([2], "site", "ann") != []
        assert await fleet.give_back([2], "site", "eve") == []
        assert {hold.proxy_id for hold in fleet.assignments("site")} == {1, 4}
    async with Fleet.open(settings=settings) as again:
        assert {hold.proxy_id for hold in again.assignments()} == {1, 4}, "what was taken stays taken"


async def test_twenty_callers_on_six_slots(settings):
    most = 0
    running: set[str] = set()
    async with Fleet.open(settings=settings) as fleet:

        async def caller() -> None:
            nonlocal most
            async with fleet.lease(country="DE", wait=30.0) as proxy:
                assert proxy.token not in running
                running.add(proxy.token)
                most = max(most, len(running))
                await asyncio.sleep(0)
                running.discard(proxy.token)

        await asyncio.gather(*(caller() for _ in range(20)))
        assert most == 6
        assert fleet.leasing.fleet.report(0.0).leases == 0


def test_a_server_that_listens_everywhere_is_found_on_loopback():
    assert reachable(("0.0.0.0", 1)) == ("127.0.0.1", 1)
    assert reachable(("::", 1)) == ("::1", 1)
    assert reachable(("10.0.0.1", 1)) == ("10.0.0.1", 1)
