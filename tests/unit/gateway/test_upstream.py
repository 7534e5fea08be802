"""A connection to a proxy: bytes go to its owner, or end it."""

from tests.integration.gatewaykit import OK, Kit, answering, get, turns

from proxyfleet.gateway.upstream import UpstreamConnection


class Transport:
    """Remembers what it was told."""

    def __init__(self):
        self.told = []

    def __getattr__(self, name):
        return lambda *arguments: self.told.append(name)


async def test_a_connection_that_comes_too_late_is_thrown_away():
    async with Kit(answering(OK)) as kit:
        late = UpstreamConnection(kit.gateway._ctx, None, None)
        transport = Transport()
        late.connection_made(transport)
        assert transport.told == ["abort"]


async def test_a_proxy_that_takes_the_request_slowly_slows_the_client():
    async def script(peer):
        await peer.read_head()
        peer.writer.transport.pause_reading()
        for _ in range(20):
            await turns(50)
        peer.writer.transport.resume_reading()
        await peer.read(40_000_000)
        peer.send(OK)

    async with Kit(script) as kit:
        client = await kit.client()
        client.send(get("http://a.test/", b"Content-Length: 40000000", method=b"POST", body=b"x" * 40_000_000))
        await kit.until(lambda: kit.upstreams[0].peers)
        for _ in range(10):
            await turns(50)
        assert kit.gateway.stats().received < 20_000_000
        assert (await client.answer())[0] == 200


async def test_idle_connections_end_with_their_proxy():
    async with Kit(answering(OK)) as kit:
        client = await kit.client()
        client.send(get())
        await client.answer()
        assert len(kit.gateway._ctx.routes) == 1
        kit.upstreams[0].peers[0].close()
        await kit.until(lambda: len(kit.gateway._ctx.routes) == 0)


async def test_idle_connections_are_closed_after_a_while():
    async with Kit(answering(OK)) as kit:
        client = await kit.client()
        client.send(get())
        await client.answer()
        await kit.later(31.0)
        assert len(kit.gateway._ctx.routes) == 0
        await kit.until(lambda: kit.upstreams[0].peers[0].done)
