"""Routes: credentials as bytes, connections kept by identity and fingerprint, and never used under others."""

from proxyfleet.core.proxy import Endpoint, Scheme, Secret
from proxyfleet.gateway import routes as module
from proxyfleet.gateway.routes import Routes
from proxyfleet.gateway.settings import GatewaySettings, Limits, Timers


class Connection:
    """What the pool needs of a connection."""

    def __init__(self, route):
        self.route, self.transport, self.closed = route, self, False

    def is_closing(self):
        return self.closed

    def close(self):
        self.closed = True


def endpoint(port=1, user="u", password="canary", host="h.test"):
    return Endpoint(Scheme.HTTP, host, port, user, None if password is None else Secret(password))


def routes(most_idle=10, named=True, via="us"):
    pool = Routes("us", key=b"k" * 32)
    timers, limits = Timers(upstream_idle=30.0), Limits(idle_upstreams=most_idle)
    pool.keep_to(GatewaySettings(via=via is not None, name_proxy=named, timers=timers, limits=limits))
    return pool


def test_the_lines_of_a_route():
    route = routes().to(1, endpoint())
    assert route.request_lines == b"Via: 1.1 us\r\nProxy-Authorization: Basic dTpjYW5hcnk=\r\n"
    assert route.answer_lines == b"Via: 1.1 us\r\nX-Proxyfleet-Proxy: h.test:1\r\n"
    assert route.closing_lines == route.answer_lines + b"Connection: close\r\n"
    assert route.tunnel_lines == b"X-Proxyfleet-Proxy: h.test:1\r\n"
    bare = routes(named=False, via=None).to(1, endpoint(user=None, password=None))
    assert (bare.request_lines, bare.answer_lines, bare.tunnel_lines) == (b"", b"", b"")
    assert b"[::1]:1" in routes().to(1, endpoint(host="::1")).tunnel_lines


def test_what_was_used_last_is_used_next():
    pool = routes()
    route = pool.to(1, endpoint())
    first, second = Connection(route), Connection(route)
    pool.park(first, 0.0)
    pool.park(second, 1.0)
    assert pool.to(1, endpoint()) is route
    assert [pool.take(route), pool.take(route), pool.take(route)] == [second, first, None]
    assert len(pool) == 0


def test_other_credentials_never_get_an_old_connection():
    pool = routes()
    old = pool.to(1, endpoint())
    idle, busy = Connection(old), Connection(old)
    pool.park(idle, 0.0)
    new = pool.to(1, endpoint(password="other"))
    assert new.fingerprint != old.fingerprint
    assert idle.closed
    assert pool.take(new) is None
    pool.park(busy, 0.0)
    assert busy.closed
    assert "canary" not in repr(old.fingerprint)


def test_idle_connections_are_closed_in_time_and_in_number():
    pool = routes(most_idle=2)
    route = pool.to(1, endpoint())
    connections = [Connection(route) for _ in range(3)]
    for number, connection in enumerate(connections):
        pool.park(connection, float(number))
    assert [c.closed for c in connections] == [False, False, True]
    pool.sweep(30.0)
    assert [c.closed for c in connections] == [True, False, True]
    pool.close()
    assert connections[1].closed
    assert (len(pool), route.idle) == (0, [])


def test_lost_and_dying_connections_are_not_handed_out():
    pool = routes()
    route = pool.to(1, endpoint())
    lost, dying = Connection(route), Connection(route)
    pool.park(lost, 0.0)
    pool.park(dying, 0.0)
    pool.lost(lost)
    pool.lost(lost)
    dying.closed = True
    assert pool.take(route) is None


def test_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "MOST_ROUTES", 5)
    pool = routes()
    kept = pool.to(1, endpoint())
    pool.park(Connection(kept), 0.0)
    for number in range(2, 30):
        pool.to(number, endpoint(port=number))
    assert len(pool._by_proxy) <= 6
    assert pool.to(1, endpoint()) is kept


def test_lanes_share_the_proxy_and_nothing_else():
    pool = routes()
    route = pool.to(1, Endpoint(Scheme.SOCKS5, "h.test", 1, "u", Secret("canary")))
    first, second = route.lane(b"a.test"), route.lane(b"b.test")
    assert route.lane(b"a.test") is first
    connection = Connection(first)
    pool.park(connection, 0.0)
    assert pool.take(second) is None
    assert pool.take(route) is None
    assert pool.take(first) is connection
    pool.park(connection, 0.0)
    pool.to(1, Endpoint(Scheme.SOCKS5, "h.test", 1, "u", Secret("other")))
    assert connection.closed, "lanes end with their route"
    assert first.retired


def test_lanes_without_connections_are_forgotten(monkeypatch):
    monkeypatch.setattr(module, "MOST_LANES", 2)
    pool = routes()
    route = pool.to(1, endpoint())
    kept = route.lane(b"a")
    pool.park(Connection(kept), 0.0)
    for name in (b"b", b"c", b"d"):
        route.lane(name)
    assert route.lane(b"a") is kept
    assert len(route.lanes) <= 3


def test_schemes_of_one_family_do_not_share_connections():
    pool = routes()
    first = pool.to(1, Endpoint(Scheme.SOCKS4, "h.test", 1, None, None))
    assert (first.socks, first.tls, first.local_dns, first.login) == (4, False, True, None)
    second = pool.to(1, Endpoint(Scheme.SOCKS4A, "h.test", 1, None, None))
    assert first.fingerprint != second.fingerprint
    assert not second.local_dns
    assert pool.to(2, Endpoint(Scheme.HTTPS, "h.test", 1, None, None)).tls
    assert pool.to(3, Endpoint(Scheme.SOCKS5H, "h.test", 1, "", None)).login == ("", "")
