"""URLs of Redis: what they may say, and that passwords stay out of sight."""

import pytest

from proxyfleet.stores.errors import BadStoreUrl
from proxyfleet.stores.redis.address import is_redis, redis_address


@pytest.mark.parametrize(
    ("url", "client", "shown"),
    [
        ("redis://h", "redis://h", "redis://h:6379/0"),
        ("redis://me:pw@h:7000/3", "redis://me:pw@h:7000/3", "redis://h:7000/3"),
        ("rediss://[2001:db8::1]:7000", "rediss://[2001:db8::1]:7000", "rediss://[2001:db8::1]:7000/0"),
        ("redis://h/0?prefix=a.b&after_loss=accept", "redis://h/0", "redis://h:6379/0"),
        ("unix:///run/r.sock?db=2&prefix=x", "unix:///run/r.sock?db=2", "unix:///run/r.sock"),
        ("rediss://h?ssl_ca_certs=/ca.pem", "rediss://h?ssl_ca_certs=%2Fca.pem", "rediss://h:6379/0"),
    ],
)
def test_what_a_url_says(url: str, client: str, shown: str) -> None:
    address = redis_address(url)
    assert (address.url, address.shown) == (client, shown)


def test_options_of_our_own() -> None:
    address = redis_address("redis://h/0?prefix=a.b&after_loss=accept")
    assert (address.prefix, address.accept_loss) == ("a.b", True)
    assert redis_address("redis://h/0?instead=yes").instead
    assert redis_address("redis://u:p@h/1?prefix=x").place == "redis://h:6379/1 x"
    plain = redis_address("redis://h")
    assert (plain.prefix, plain.accept_loss, plain.instead) == ("proxyfleet", False, False)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("redis://", "names no host"),
        ("unix://", "names no socket"),
        ("redis://u:canary@h:port/0", "no valid host and port"),
        ("redis://u:canary@h:99999/0", "no valid host and port"),
        ("redis://u:canary@h/name", "number of a database"),
        ("redis://u:ca#nary@h/0", "as %23"),
        ("redis://h/0?password=canary", "no option 'password'"),
        ("redis://u:canary@h/0?prefix={x}", "the prefix"),
        ("redis://u:canary@h/0?prefix=", "the prefix"),
        ("redis://h/0?after_loss=maybe", "`wait` or `accept`"),
        ("redis://h/0?instead=no", "`yes`, or left out"),
        ("unix:///s?db=one", "number of a database"),
        ("http://h/0", "names no host"),
    ],
)
def test_what_is_refused(url: str, told: str) -> None:
    with pytest.raises(BadStoreUrl, match=told) as error:
        redis_address(url)
    assert "canary" not in str(error.value)


def test_passwords_stay_out_of_sight() -> None:
    address = redis_address("redis://u:canary@h/0")
    assert "canary" not in repr(address) + address.shown


def test_which_urls_are_meant_for_redis() -> None:
    assert all(is_redis(url) for url in ("redis://h", "rediss://h", "unix:///s"))
    assert not any(is_redis(url) for url in ("store", "sqlite:///x", "postgresql://h", ""))
