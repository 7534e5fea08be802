"""Dialects of providers: the grammar of each, told once, and one session of ours as one of theirs."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from proxyfleet.wire.dialects import DIALECTS, Exit, Login, dialect_of, serves, token

PLACE = Exit("us", "new jersey", "st. petersburg", "3320", "17x3f1", 600.0)
SESSION = Exit(session="17x3f1", ttl=1800.0)
BRIGHT, SOAX = "brd-customer-C1-zone-z1", "package-12"
T12, T8, T20 = token("17x3f1", 12), token("17x3f1", 8), token("17x3f1", 20)


def written(provider, username, password, wanted):
    return dialect_of(provider).write(Login(username, password), wanted)


@pytest.mark.parametrize(
    ("provider", "username", "wanted", "told"),
    [
        ("brightdata", BRIGHT, PLACE, BRIGHT + f"-country-us-state-new_jersey-city-stpetersburg-session-{T12}-asn-3320"),
        ("Bright Data", BRIGHT + "-country-de", SESSION, BRIGHT + f"-country-de-session-{T12}"),
        ("brightdata", BRIGHT + "-session-mine", SESSION, BRIGHT + "-session-mine"),
        ("brightdata", "brd-customer-C1-zone-city", Exit(city="Bogotá"), "brd-customer-C1-zone-city-city-bogota"),
        ("brightdata", BRIGHT + "-ip-192.0.2.7", SESSION, BRIGHT + "-ip-192.0.2.7"),
        ("brightdata", "lum-cu-C1-z-z1-s-mine", SESSION, "lum-cu-C1-z-z1-s-mine"),
        ("brightdata", BRIGHT + "-country-us-session-x", Exit("de"), BRIGHT + "-country-de-session-x"),
        ("oxylabs", "customer-u1-cc-US", Exit("de"), "customer-u1-cc-DE"),
        ("oxylabs", "customer-u1-sessid_oneip-mine", Exit(session="17x3f1"), "customer-u1-sessid_oneip-mine"),
        ("oxylabs", "customer-u1", PLACE, f"customer-u1-cc-US-st-us_new_jersey-city-st_petersburg-sessid-{T12}-sesstime-10"),
        ("oxylabs", "customer-u1", SESSION, f"customer-u1-sessid-{T12}-sesstime-30"),
        ("decodo", "u1", PLACE, f"user-u1-country-us-state-us_new_jersey-city-st_petersburg-session-{T12}-sessionduration-10"),
        ("smartproxy", "user-u1", SESSION, f"user-u1-session-{T12}-sessionduration-30"),
        ("decodo", "u1", Exit(), "u1"),
        ("soax", SOAX, PLACE, SOAX + f"-country-us-region-new+jersey-city-st+petersburg-sessionid-{T12}-sessionlength-600"),
        ("apify", "auto", PLACE, f"session-{T20},country-US"),
        ("apify", "groups-A+B", SESSION, f"groups-A+B,session-{T20}"),
        ("apify", "auto", Exit(), "auto"),
        ("apify", "country-US_CA", Exit("us"), "country-US_CA"),
        ("apify", "session-mine,country-US", Exit("de", session="17x3f1"), "session-mine,country-DE"),
        ("dataimpulse", "u1", PLACE, f"u1__cr.us;state.newjersey;city.stpetersburg;sessid.{T12};sessttl.10"),
        ("dataimpulse", "u1__cr.de,us;zip.1", Exit("us"), "u1__cr.us;zip.1"),
        ("dataimpulse", "u1__cr.de", SESSION, f"u1__cr.de;sessid.{T12};sessttl.30"),
        ("geonode", "u1", SESSION, f"u1-session-{T12}-lifetime-30"),
        ("netnut", "u1-res-any", Exit("us"), "u1-res-us"),
        ("netnut", "u1-res-any", Exit("us", "alabama", "birmingham"), "u1-res_sc-us_alabama_birmingham"),
        ("netnut", "u1-res-us", Exit("de"), "u1-res-de"),
        ("netnut", "u1-res_sc-us_alabama-sid-12345", Exit("us"), "u1-res_sc-us_alabama-sid-12345"),
        ("webshare", "u1-us-7", Exit("us", session="17x3f1"), "u1-us-7"),
        ("webshare", "u1-us-fr-city_paris-rotate", Exit("fr"), "u1-fr-rotate"),
        ("webshare", "u1-fr-city_paris", Exit("fr"), "u1-fr-city_paris"),
        ("webshare", "u1-rotate", Exit("us", "", "los angeles"), "u1-us-city_los_angeles-rotate"),
        ("webshare", "u1", Exit("fr"), "u1-fr"),
        ("generic", "lab", PLACE, f"lab-country-us-region-new_jersey-city-st_petersburg-session-{T12}"),
    ],
)  # fmt: skip
def test_user_names(provider, username, wanted, told):
    assert written(provider, username, "pw", wanted) == (told, "pw")


def test_iproyal_says_everything_in_the_password():
    told = written("IPRoyal", "u1", "pw", PLACE)
    assert written("iproyal", "u1", "p_w_country-us_session-mine0000", Exit("de", session="17x3f1")) == (
        "u1",
        "p_w_country-de_session-mine0000",
    )
    assert told == ("u1", f"pw_country-us_state-newjersey_city-stpetersburg_session-{T8}_lifetime-10m")
    assert written("iproyal", "u1", "pw_country-de", SESSION) == ("u1", f"pw_country-de_session-{T8}_lifetime-30m")


def test_numbers_where_providers_want_numbers():
    name = written("webshare", "u1-rotate", "pw", SESSION).username
    assert 1 <= int(re.fullmatch(r"u1-(\d+)", name)[1]) <= 1_000_000
    sid = written("netnut", "u1-res-any", "pw", SESSION).username
    assert 10_000 <= int(re.fullmatch(r"u1-res-any-sid-(\d+)", sid)[1]) <= 999_999_999


def test_times_stay_within_what_providers_take():
    assert written("oxylabs", "u", "p", Exit(session="a", ttl=1.0)).username.endswith("-sesstime-1")
    assert written("oxylabs", "u", "p", Exit(session="a", ttl=604_800.0)).username.endswith("-sesstime-1440")
    assert written("geonode", "u", "p", Exit(session="a", ttl=60.0)).username.endswith("-lifetime-3")
    assert written("soax", "u", "p", Exit(session="a", ttl=604_800.0)).username.endswith("-sessionlength-86400")
    assert written("iproyal", "u", "p", Exit(session="a", ttl=604_800.0)).password.endswith("_lifetime-10080m")


def test_sessions_differ_as_ours_do():
    tokens = {token(f"{pool}x{slot}f{fence}", 8) for pool in range(20) for slot in range(20) for fence in range(20)}
    assert len(tokens) == 8000
    assert all(re.fullmatch(r"[0-9a-z]{8}", one) for one in tokens)
    assert token("a", 8) == token("a", 8)


@pytest.mark.parametrize(
    ("provider", "wanted", "able"),
    [
        ("brightdata", Exit(asn="1"), True),
        ("oxylabs", Exit(asn="1"), False),
        ("oxylabs", Exit("us", city="x"), True),
        ("oxylabs", Exit(city="x"), False),
        ("netnut", Exit("us", city="x"), False),
        ("netnut", Exit("us", "y", "x"), True),
        ("netnut", Exit(region="y"), False),
        ("iproyal", Exit(city="x"), True),
        ("apify", Exit("us"), True),
        ("apify", Exit("us", city="x"), False),
        ("geonode", Exit("us"), False),
        ("geonode", SESSION, True),
        (None, Exit("us"), False),
        (None, SESSION, True),
        ("nobody knows", Exit("us"), False),
    ],
)
def test_who_can_be_told_what(provider, wanted, able):
    assert serves(dialect_of(provider), wanted) is able


@given(
    st.sampled_from(sorted(DIALECTS)),
    st.text("abc-_:;,. @\r\nü", max_size=12),
    st.text("abc-_:;,. @\r\nü", max_size=12),
    st.text(max_size=12),
)
@settings(max_examples=400, deadline=None)
def test_nothing_of_a_client_breaks_out_of_its_place(provider, region, city, session):
    """A city cannot end the user name, begin a password, or ask for another zone."""
    wanted = Exit("us", region, city, "1", session, 60.0)
    told = dialect_of(provider).write(Login("base-zone-z1", "pw"), wanted)
    added = told.username.replace("base", "", 1) + told.password.removeprefix("pw")
    assert ":" not in told.username
    assert not re.search(r"[\s@]", added)
    assert added.count("zone") <= 1


@given(
    st.sampled_from(sorted(DIALECTS)),
    st.sampled_from(["", "us"]),
    st.sampled_from(["", "a"]),
    st.sampled_from([0.0, 90.0]),
)
@settings(max_examples=100, deadline=None)
def test_what_is_said_already_is_not_said_twice(provider, country, session, ttl):
    wanted = Exit(country, session=session, ttl=ttl)
    once = dialect_of(provider).write(Login("base", "pw"), wanted)
    assert dialect_of(provider).write(once, wanted) == once


def test_a_login_does_not_show_itself():
    assert "canary" not in repr(Login("u", "canary"))
