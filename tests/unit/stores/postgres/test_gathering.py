"""What the reference has made of the places of a batch is exactly what is written."""

from proxyfleet.core.proxy import Details, Proxy, Scheme
from proxyfleet.stores.memory_sources import Found
from proxyfleet.stores.postgres.gathering import Places


def at(host: str, scheme: Scheme = Scheme.HTTP, proxy_id: int = 0) -> Proxy:
    return Proxy(scheme, host, 80, id=proxy_id)


async def test_only_what_has_changed_is_written() -> None:
    places = Places(10)
    one, two, owners = at("one", proxy_id=1), at("two", proxy_id=2), at("owners", proxy_id=3)
    places.know(one, b"1" * 16, Found(frozenset({"a"}), True, 5.0))
    places.know(two, b"2" * 16, Found(frozenset({"b"}), True, 5.0, 6.0))
    places.know(owners, b"3" * 16, None)
    told = await places.gather(
        [at("one"), at("one", Scheme.SOCKS5), at("two"), at("owners", Scheme.SOCKS4), at("new"), at("new")], "a", 9.0
    )
    assert told == (1, 1, 4)
    assert [(proxy.id, proxy.host) for proxy in places.added()] == [(10, "new")]
    assert places.updated() == [
        (Proxy(Scheme.HTTP, "one", 80, id=1, details=Details(protocols=("http", "socks5"))), b"1" * 16)
    ]
    assert sorted(places.finds()) == [(2, ["a", "b"], True, 5.0, 6.0), (10, ["a"], True, 9.0, None)]
    assert places.alive("a") == 1, "one that is known to work was named by one more"
