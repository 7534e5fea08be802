"""Terms: three selectors meet, parameters become questions, and what was read once is remembered."""

import pytest

from proxyfleet.core.selector import ANY, Selector
from proxyfleet.gateway import terms as module
from proxyfleet.gateway.access import LEASEHOLDER
from proxyfleet.gateway.metering import Meters
from proxyfleet.gateway.terms import TermsBook
from proxyfleet.ports import GatewayUser
from proxyfleet.wire.dialects import Exit
from proxyfleet.wire.http1_head import HeadError

ALICE = GatewayUser("alice", "hash")


def book_of(gateway=ANY, **options):
    return TermsBook(gateway, Meters(), lambda: 0.0, **options)


def of(rest, user=ALICE, gateway=ANY):
    return book_of(gateway).of(user, rest)


def test_nothing_asked_is_what_the_gateway_may_use():
    terms = of("", gateway=Selector.parse("tag=web"))
    assert str(terms.selector) == "tag=web"
    assert (terms.bound, terms.strategy, terms.exit, terms.pinned) == (False, None, Exit(), False)
    assert terms.key == "alice"


@pytest.mark.parametrize(
    ("rest", "selector"),
    [
        ("country-us,ca", "country=US,CA"),
        ("tag-a-tag-b", "tag=a tag=b"),
        ("type-mobile,isp-scheme-socks5", "scheme=socks5 type=mobile,isp"),
        ("city-new%20york", 'city="new york"'),
        ("asn-AS3320", "asn=3320"),
        ("min_score-0.5", "min_score=0.5"),
        ("exclude-3,17-id-1,2", "id=1,2 exclude=3,17"),
        ("resource-shop-spread-country", 'resource="shop" spread="country"'),
        ("selector-days_left%3E%3D3 tag!%3Dslow", "days_left>=3 tag!=slow"),
        ("tag-a-selector-tag%3Db", "tag=a tag=b"),
    ],
)
def test_parameters_are_a_selector(rest, selector):
    assert of(rest).selector == Selector.parse(selector)


def test_what_the_gateway_and_the_user_may_use_always_holds():
    user = GatewayUser("bob", "hash", selector="tag=bob country=DE min_score=0.4 exclude=7")
    terms = of("country-us-min_score-0.2-exclude-9", user, Selector.parse("scheme=http exclude=8"))
    wanted = "scheme=http tag=bob country=DE country=US min_score=0.4 exclude=7,8,9"
    assert terms.selector == Selector.parse(wanted)
    assert of("selector-tag%3Dalice", user).selector == Selector.parse(
        "tag=bob tag=alice country=DE min_score=0.4 exclude=7"
    )


def test_a_users_selector_that_cannot_be_read_serves_nobody():
    book = book_of()
    for _ in range(2):
        with pytest.raises(HeadError) as refused:
            book.of(GatewayUser("bob", "hash", selector="nonsense"), "")
        assert (refused.value.status, refused.value.code) == (403, "user_selector")


def test_sessions_leases_and_strategies():
    terms = of("session-a1-ttl-30m-pinned-strategy-lru")
    assert (terms.session, terms.ttl, terms.pinned, terms.strategy) == ("a1", 1800.0, True, "least_recently_used")
    assert terms.bound
    assert terms.key == "a1"
    assert of("session-a1").ttl == 600.0
    assert of("lease-17x3.42").lease == "17x3.42"
    assert of("lease-17x3.42").bound


def test_where_the_exit_shall_be_is_told_to_providers_too():
    terms = of("country-US,CA-city-New%20York-tag-x-asn-AS12", gateway=Selector.parse("tag=web"))
    assert terms.exit == Exit("us", "", "new york", "12")
    assert str(terms.selector) == 'asn=12 city="New York" country=US,CA tag=web tag=x'
    wanted = "asn= city= country= kind=rotating provider=brightdata,luminati tag=web tag=x"
    assert terms.elsewhere == Selector.parse(wanted), "only these take a network number"
    assert "provider=" in str(of("country-us").elsewhere)
    assert "apify" in str(of("country-us").elsewhere)
    assert "apify" not in str(of("city-berlin").elsewhere)
    assert of("tag-x").elsewhere is None
    assert of("tag-x").exit == Exit()


def test_who_shows_a_lease_may_use_that_lease_only():
    book = book_of()
    assert book.of(LEASEHOLDER, "lease-17x3.42").lease == "17x3.42"
    for rest in ("lease-17x3.42-lease-1x1.1", "lease-17x3.42-session-a"):
        with pytest.raises(HeadError):
            book.of(LEASEHOLDER, rest)
    for field in (b"x-proxyfleet-lease", b"x-proxyfleet-session"):
        with pytest.raises(HeadError):
            book.with_fields(LEASEHOLDER, "lease-17x3.42", {field: b"1x1.1"})
    assert book.with_fields(LEASEHOLDER, "lease-17x3.42", {b"x-proxyfleet-strategy": b"lru"}).lease == "17x3.42"


@pytest.mark.parametrize(
    ("rest", "code", "detail"),
    [
        ("canary-1", "parameter_unknown", ""),
        ("strategy-canary", "parameter_value", "strategy (name of a strategy)"),
        ("type-canary", "parameter_value", "type (datacenter, residential, mobile, isp)"),
        ("spread-canary", "parameter_value", "spread (country, cheapest)"),
        ("selector-canary", "parameter_value", "selector (selector, with = as %3D)"),
        ("ttl-10m", "parameter_without_session", "ttl (seconds, or with s, m, h, d)"),
        ("pinned", "parameter_without_session", "pinned (nothing)"),
        ("session-a-ttl-9d", "parameter_value", "ttl (seconds, or with s, m, h, d)"),
        ("session-a-lease-1x1.1", "parameter_twice", "lease (id and fence)"),
    ],
)
def test_what_cannot_be_served_is_refused_without_saying_it_back(rest, code, detail):
    with pytest.raises(HeadError) as refused:
        of(rest)
    assert (refused.value.status, refused.value.code, refused.value.detail) == (400, code, detail)
    assert "canary" not in refused.value.detail


def test_header_fields_win_over_the_user_name():
    book = book_of()
    special = {b"host": b"a", b"x-proxyfleet-country": b"de", b"x-proxyfleet-session": b"b2"}
    terms = book.with_fields(ALICE, "country-us-session-a1-ttl-5m", special)
    assert (str(terms.selector), terms.session, terms.ttl) == ("country=DE", "b2", 300.0)
    assert book.with_fields(ALICE, "country-us", {b"host": b"a"}) is book.of(ALICE, "country-us")
    with pytest.raises(HeadError):
        book.with_fields(ALICE, "", {b"x-proxyfleet-canary": b"1"})


def test_terms_are_worked_out_once_and_in_bounded_memory(monkeypatch):
    monkeypatch.setattr(module, "MOST_TERMS", 3)
    book = book_of()
    first = book.of(ALICE, "session-1")
    assert book.of(ALICE, "session-1") is first
    special = {b"x-proxyfleet-country": b"de"}
    assert book.with_fields(ALICE, "", special) is book.with_fields(ALICE, "", dict(special))
    for number in range(10):
        book.of(ALICE, f"session-{number}")
    assert len(book._known) == 3
    assert book.of(ALICE, "session-1") is not first


def test_another_record_of_the_user_has_other_terms():
    book = book_of()
    assert str(book.of(ALICE, "").selector) == ""
    assert str(book.of(GatewayUser("alice", "hash", selector="tag=a"), "").selector) == "tag=a"


def test_what_is_special_is_known_beforehand():
    assert not of("").special
    assert not of("country-us-strategy-lru").special
    assert of("session-a").special
    assert of("", GatewayUser("bob", "h", concurrency=1)).special
    assert book_of(capped=True).of(ALICE, "").special
    assert book_of(capped=True).plain.special
    assert not book_of().plain.special


def test_all_terms_of_a_user_share_one_meter():
    book, bob = book_of(), GatewayUser("bob", "h", concurrency=1)
    assert book.of(bob, "").meter is book.of(bob, "session-a").meter
    assert book.of(ALICE, "").meter is None
    more = GatewayUser("bob", "h", concurrency=2)
    assert book.of(more, "").meter is book.of(bob, "").meter


def test_where_a_user_may_come_from():
    terms = of("", GatewayUser("bob", "h", clients=("10.0.0.0/8", "2001:db8::/32")))
    assert [terms.serve(host) for host in ("10.1.2.3", "2001:db8::1", "11.0.0.1", "::1", "unknown")] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert of("").serve("anything")
