"""A layer that does nothing is not noticed, by HTTP, by tunnels, or at any end."""

from tests.integration.gatewaykit import OK, Kit, answering, connect, echoing, get

from proxyfleet.gateway import client as module
from proxyfleet.gateway.layer import Layer


def layered(monkeypatch):
    """Every connection gets three layers before its first byte is read."""
    begin = module.HttpClient._begin

    def first(self, data):
        for _ in range(3):
            Layer(self).slip_in()
        begin(self, data)

    monkeypatch.setattr(module.HttpClient, "_begin", first)


async def test_http_through_layers(monkeypatch):
    layered(monkeypatch)
    async with Kit(answering(OK)) as kit:
        client = await kit.client()
        for _ in range(3):
            client.send(get())
            assert (await client.answer())[0] == 200
        client.close()
        await kit.until(lambda: kit.gateway.stats().connections_open == 0)


async def test_tunnels_through_layers(monkeypatch):
    layered(monkeypatch)
    async with Kit(echoing) as kit:
        client = await kit.client()
        client.send(connect())
        await client.read_head()
        client.send(b"x" * 3_000_000)
        client.writer.write_eof()
        assert len(await client.read_all()) > 3_000_000
        await kit.until(lambda: kit.gateway.stats().tunnels_open == 0)
    async with Kit(echoing) as kit:
        client = await kit.client()
        client.send(connect())
        await client.read_head()
        client.abort()
        await kit.until(lambda: kit.upstreams[0].peers[0].done)


async def test_what_a_layer_tells_of_the_socket(monkeypatch):
    layered(monkeypatch)
    async with Kit(answering(OK)) as kit:
        client = await kit.client()
        client.send(get())
        await client.answer()
        (connection,) = kit.gateway._ctx.live
        layer = connection.transport
        assert layer.get_extra_info("peername")[0] == "127.0.0.1"
        assert layer.get_protocol() is connection
        assert not layer.is_closing()
        assert layer.is_reading()
        assert layer.get_write_buffer_size() == 0
        layer.set_write_buffer_limits(1000)
        layer.writelines([b"a", b"b"])
        assert await client.read(2) == b"ab"
        layer.abort()
        assert layer.is_closing()
