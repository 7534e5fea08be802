"""What the connections of a gateway share."""

from proxyfleet.gateway.context import Context
from proxyfleet.gateway.settings import GatewaySettings


class Fleet:
    edits = 0

    def endpoint(self, proxy_id):
        from proxyfleet.core.proxy import Endpoint, Scheme

        return Endpoint(Scheme.HTTP, "h.test", proxy_id, None, None)


async def test_a_pseudonym_is_stable_and_tells_nothing_of_the_key():
    made = [
        Context(Fleet(), GatewaySettings(), float, float, key).pseudonym for key in (b"a" * 32, b"a" * 32, b"b" * 32)
    ]
    assert made[0] == made[1] != made[2]
    assert b"a".hex() * 4 not in made[0]


async def test_routes_follow_the_fleet_and_the_last_to_leave_is_noticed():
    ctx = Context(Fleet(), GatewaySettings(), float, float, b"k" * 32)
    assert ctx.route(5).port == 5
    ctx.door.enter("c")
    ctx.live.add("connection")
    assert not ctx.empty.is_set()
    ctx.leave("connection", "c")
    assert ctx.empty.is_set()
    assert ctx.door.total == 0
