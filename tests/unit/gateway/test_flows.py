"""What flows right now: counted by looking, right for every kind of traffic, and nothing left behind."""

import json

from tests.integration.gatewaykit import OK, Kit, answering, connect, echoing, get, silent

from proxyfleet.gateway import flows as module


async def look(kit, seconds=2.0):
    kit.timer.now += seconds
    told = kit.gateway.flows()
    json.dumps(told)
    return told


def row(told, kind, name):
    found = [one for one in told[kind] if one["name"] == name or one["proxy_id"] == name]
    return found[0] if found else None


async def test_requests_that_have_ended_are_seen_as_a_rate():
    async with Kit(answering(OK)) as kit:
        await look(kit)
        client = await kit.client()
        for _ in range(6):
            client.send(get("http://a.test/"))
            await client.answer()
        client.send(get("http://b.test/"))
        await client.answer()
        told = await look(kit)
        assert told["seconds"] == 2.0
        assert row(told, "targets", "a.test")["begun_rate"] == 3.0
        assert row(told, "targets", "b.test")["begun_rate"] == 0.5
        proxy = row(told, "proxies", 1)
        assert (proxy["name"], proxy["begun_rate"]) == (f"127.0.0.1:{kit.upstreams[0].port}", 3.5)
        assert told["begun_rate"] == 3.5
        assert told["received_rate"] > 0
        assert told["connections"] == 1
        told = await look(kit)
        assert (told["proxies"], told["targets"], told["users"]) == ([], [], [])


async def test_what_is_under_way():
    async with Kit(silent) as kit:
        await look(kit)
        clients = []
        for wire in (get("http://a.test/"), get("http://a.test/"), connect(b"b.test:443")):
            client = await kit.client()
            client.send(wire)
            clients.append(client)
        await kit.until(lambda: len(kit.upstreams[0].peers) == 3)
        for _ in range(2):
            told = await look(kit)
            assert row(told, "targets", "a.test")["requests"] == 2
            assert row(told, "targets", "b.test")["requests"] == 1
            assert row(told, "proxies", 1)["requests"] == 3
            assert row(told, "users", "alice")["requests"] == 3
        for client in clients:
            client.abort()
        await kit.until(lambda: kit.gateway.stats().connections_open == 0)
        assert (await look(kit))["users"] == []


async def test_bytes_of_tunnels_since_the_look_before():
    async with Kit(echoing) as kit:
        client = await kit.client()
        client.send(connect())
        await client.read_head()
        await look(kit)
        client.send(b"x" * 1000)
        await client.read(1000)
        told = await look(kit)
        for kind, name in (("proxies", 1), ("targets", "target.test"), ("users", "alice")):
            flow = row(told, kind, name)
            assert (flow["tunnels"], flow["up_rate"], flow["down_rate"]) == (1, 500.0, 500.0)
        assert told["tunnels"] == 1
        told = await look(kit)
        assert row(told, "proxies", 1)["up_rate"] == 0.0
        client.abort()
        await kit.until(lambda: kit.gateway.stats().tunnels_open == 0)
        await look(kit)
        assert kit.gateway._flows._moved == {}


async def test_counts_that_begin_anew_are_not_negative():
    async with Kit(answering(OK)) as kit:
        client = await kit.client()
        for _ in range(4):
            client.send(get())
            await client.answer()
        await look(kit)
        kit.gateway._ctx.places.forget()
        client.send(get())
        await client.answer()
        told = await look(kit)
        assert row(told, "targets", "target.test")["begun_rate"] == 0.5


async def test_the_busiest_rows_come_first_and_not_all_of_them(monkeypatch):
    monkeypatch.setattr(module, "MOST_ROWS", 3)
    async with Kit(answering(OK)) as kit:
        client = await kit.client()
        for number in range(6):
            for _ in range(number + 1):
                client.send(get(f"http://t{number}.test/"))
                await client.answer()
        told = await look(kit)
        assert [one["name"] for one in told["targets"]] == ["t5.test", "t4.test", "t3.test"]
